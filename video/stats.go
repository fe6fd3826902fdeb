package video

import (
	"context"
	"log/slog"
	"math"
	"time"
)

// Stats are a pipeline's figures at one moment.
type Stats struct {
	// Elapsed is the time since Run began, up to its end.
	Elapsed time.Duration
	// Frames went through to all sinks, at FPS per second lately and MeanFPS
	// since the beginning.
	Frames       int64
	FPS, MeanFPS float64
	// Latency is from reading a frame to its last sink.
	Latency Latency
	Sources []SourceStats
	Stages  []StageStats
}

// SourceStats are the figures of one source.
type SourceStats struct {
	Name string
	// Info is what the source says of itself.
	Info Info
	// Read frames, and of these, Dropped by the policy of a live source.
	Read, Dropped int64
	// Reconnects are the attempts to open the source again, Stalls those that
	// its silence, or a picture that did not change, caused.
	Reconnects, Stalls int64
	// Done is true after the source's end.
	Done bool
}

// StageStats are the figures of one stage.
type StageStats struct {
	// Name is that of StageError: "source door", "model" …
	Name string
	// Latency is the time a frame, or a batch for batch and model, takes in
	// the stage, without waiting for its turn; that of batch is the time to
	// collect one, and that of a source the time to read.
	Latency Latency
	// Queue is how many wait for the stage and QueueSize how many can.
	Queue, QueueSize int
}

// Stats returns the present figures. It may be called at any time.
func (p *Pipeline) Stats() Stats {
	now := time.Now()
	s := Stats{Latency: p.latency.latency()}
	s.Frames = s.Latency.Count
	if start := p.start.Load(); start != 0 {
		if end := p.end.Load(); end != 0 {
			now = time.Unix(0, end)
		}
		s.Elapsed = now.Sub(time.Unix(0, start))
		s.MeanFPS = float64(s.Frames) / max(s.Elapsed.Seconds(), 1e-9)
	}
	s.FPS = p.pace.rate(now)
	for _, f := range p.feeds {
		s.Sources = append(s.Sources, SourceStats{
			Name: f.Name, Info: f.Info(), Read: f.read.Load(), Dropped: f.frames.dropped(),
			Reconnects: f.reconnects.Load(), Stalls: f.stalls.Load(), Done: f.done.Load(),
		})
		s.Stages = append(s.Stages, StageStats{Name: "source " + f.Name, Latency: f.meter.latency()})
	}
	ready := 0
	for _, f := range p.feeds {
		s.Stages = append(s.Stages, StageStats{"preprocess " + f.Name, f.prepared.latency(), f.frames.len(), f.Queue})
		ready += f.ready.len()
	}
	s.Stages = append(s.Stages,
		StageStats{"batch", p.batching.latency(), ready, len(p.feeds)},
		StageStats{"model", p.model.latency(), p.batches.len(), p.batches.depth},
		StageStats{"post-process", p.post.latency(), p.results.len(), p.results.depth},
		StageStats{"annotate", p.annotate.latency(), p.posted.len(), p.posted.depth})
	p.mu.Lock()
	drains := p.drains
	p.mu.Unlock()
	for _, d := range drains {
		s.Stages = append(s.Stages, StageStats{"sink " + d.Name, d.meter.latency(), d.queue.len(), d.queue.depth})
	}
	return s
}

// LogValue is the figures of a log line.
func (s Stats) LogValue() slog.Value {
	var read, dropped, reconnects int64
	for _, x := range s.Sources {
		read += x.Read
		dropped += x.Dropped
		reconnects += x.Reconnects
	}
	attrs := []slog.Attr{
		slog.Int64("frames", s.Frames), slog.Float64("fps", math.Round(10*s.FPS)/10),
		slog.Int64("read", read), slog.Int64("dropped", dropped), slog.Int64("reconnects", reconnects),
		slog.Duration("latency_p50", s.Latency.P50.Round(time.Microsecond)),
		slog.Duration("latency_p99", s.Latency.P99.Round(time.Microsecond)),
	}
	for _, x := range s.Stages {
		if x.Name == "model" {
			attrs = append(attrs, slog.Duration("model_p50", x.Latency.P50.Round(time.Microsecond)))
		}
	}
	return slog.GroupValue(attrs...)
}

// watch logs and draws the progress until the context ends.
func (p *Pipeline) watch(ctx context.Context) {
	bar := newBar(p.config.Progress)
	defer func() { bar.finish(p.Stats()) }()
	var lines, draws <-chan time.Time
	if p.config.LogEvery > 0 {
		t := time.NewTicker(p.config.LogEvery)
		defer t.Stop()
		lines = t.C
	}
	if bar != nil {
		t := time.NewTicker(200 * time.Millisecond)
		defer t.Stop()
		draws = t.C
	}
	for {
		select {
		case <-ctx.Done():
			if p.config.LogEvery > 0 {
				p.config.Log.Info("video", "stats", p.Stats())
			}
			return
		case <-lines:
			p.config.Log.Info("video", "stats", p.Stats())
		case <-draws:
			bar.draw(p.Stats())
		}
	}
}
