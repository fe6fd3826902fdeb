package video

import (
	"bufio"
	"encoding/json"
	"expvar"
	"fmt"
	"io"
	"strings"
	"time"
)

// WritePrometheus writes the figures in Prometheus' text format.
func (s Stats) WritePrometheus(w io.Writer) error {
	b := bufio.NewWriter(w)
	metric := func(name, kind, help string) {
		fmt.Fprintf(b, "# HELP vertebra_video_%s %s\n# TYPE vertebra_video_%s %s\n", name, help, name, kind)
	}
	metric("frames_total", "counter", "Frames through all stages.")
	fmt.Fprintf(b, "vertebra_video_frames_total %d\n", s.Frames)
	metric("fps", "gauge", "Frames per second lately.")
	fmt.Fprintf(b, "vertebra_video_fps %g\n", s.FPS)
	for _, c := range []struct {
		name, help string
		value      func(SourceStats) int64
	}{
		{"read_total", "Frames read.", func(x SourceStats) int64 { return x.Read }},
		{"dropped_total", "Frames dropped by a live source's policy.", func(x SourceStats) int64 { return x.Dropped }},
		{"reconnects_total", "Attempts to open a source again.", func(x SourceStats) int64 { return x.Reconnects }},
		{"stalls_total", "Times a source gave no frame for too long.", func(x SourceStats) int64 { return x.Stalls }},
	} {
		metric(c.name, "counter", c.help)
		for _, x := range s.Sources {
			fmt.Fprintf(b, "vertebra_video_%s{source=%s} %d\n", c.name, label(x.Name), c.value(x))
		}
	}
	metric("queue_depth", "gauge", "What waits for a stage.")
	for _, x := range s.Stages {
		fmt.Fprintf(b, "vertebra_video_queue_depth{stage=%s} %d\n", label(x.Name), x.Queue)
	}
	metric("latency_seconds", "summary", "Time of a frame or batch in a stage, and of a frame in all.")
	summary(b, "all", s.Latency)
	for _, x := range s.Stages {
		summary(b, x.Name, x.Latency)
	}
	return b.Flush()
}

func summary(w io.Writer, stage string, l Latency) {
	for _, q := range []struct {
		name string
		d    time.Duration
	}{{"0.5", l.P50}, {"0.95", l.P95}, {"0.99", l.P99}} {
		fmt.Fprintf(w, "vertebra_video_latency_seconds{stage=%s,quantile=\"%s\"} %g\n", label(stage), q.name, q.d.Seconds())
	}
	fmt.Fprintf(w, "vertebra_video_latency_seconds_sum{stage=%s} %g\n", label(stage), l.Total.Seconds())
	fmt.Fprintf(w, "vertebra_video_latency_seconds_count{stage=%s} %d\n", label(stage), l.Count)
}

// label is a label's value with its quotes.
func label(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}

// Expvar gives the figures as a variable that the caller may publish under a
// name of its choice: expvar.Publish("video", p.Expvar()).
func (p *Pipeline) Expvar() expvar.Var {
	return expvar.Func(func() any { return json.RawMessage(p.Stats().json()) })
}

// json is the figures as an object; durations are in seconds.
func (s Stats) json() []byte {
	latency := func(l Latency) map[string]any {
		return map[string]any{"count": l.Count, "mean": l.Mean.Seconds(), "p50": l.P50.Seconds(), "p95": l.P95.Seconds(), "p99": l.P99.Seconds()}
	}
	sources, stages := []any{}, []any{}
	for _, x := range s.Sources {
		sources = append(sources, map[string]any{
			"name": x.Name, "read": x.Read, "dropped": x.Dropped, "reconnects": x.Reconnects, "stalls": x.Stalls,
			"done": x.Done, "live": x.Info.Live, "frames": x.Info.Frames,
		})
	}
	for _, x := range s.Stages {
		stages = append(stages, map[string]any{"name": x.Name, "latency": latency(x.Latency), "queue": x.Queue, "queue_size": x.QueueSize})
	}
	text, err := json.Marshal(map[string]any{
		"elapsed": s.Elapsed.Seconds(), "frames": s.Frames, "fps": s.FPS, "mean_fps": s.MeanFPS,
		"latency": latency(s.Latency), "sources": sources, "stages": stages,
	})
	if err != nil {
		return []byte("{}") // numbers and names always marshal
	}
	return text
}
