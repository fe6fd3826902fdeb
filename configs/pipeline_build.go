package configs

import (
	"context"
	"io"
	"os"
	"slices"
	"time"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/video"
	"github.com/vertebra-vision/vertebra/weights"
)

// Video is a pipeline that a configuration describes. Its fields may be
// changed, outputs added for example, before New.
type Video struct {
	video.Config
	servers []*video.Server
}

// New makes the pipeline.
func (v *Video) New() (*video.Pipeline, error) {
	p, err := video.New(v.Config)
	if err != nil {
		return nil, err
	}
	for _, s := range v.servers {
		s.Stats = p.Stats
	}
	return p, nil
}

const (
	defaultTop    = 5
	defaultShard  = 256
	defaultFormat = "jpg"
)

// BuildVideo builds the network and describes the pipeline around it. Sources
// and sinks are opened when it runs. Errors are as Build's. When the context
// ends, it returns at once, in the middle of reading a checkpoint too.
func (c *Config) BuildVideo(ctx context.Context, opts ...weights.FetchOption) (*Video, error) {
	v, err := c.DescribeVideo()
	if err != nil {
		return nil, err
	}
	if err := c.suits(); err != nil {
		return nil, err
	}
	built, err := orLeave(ctx, func() (*Built, error) { return c.Build(ctx, opts...) })
	if err != nil {
		return nil, err
	}
	v.Model, err = c.videoModel(built)
	return v, err
}

// orLeave returns what f does, or leaves f to itself when the context ends.
func orLeave[T any](ctx context.Context, f func() (T, error)) (x T, err error) {
	type outcome struct {
		x   T
		err error
	}
	ended := make(chan outcome, 1)
	go func() {
		x, err := f()
		ended <- outcome{x, err}
	}()
	select {
	case o := <-ended:
		return o.x, o.err
	case <-ctx.Done():
		return x, ctx.Err()
	}
}

// videoModel makes what runs on frames.
func (c *Config) videoModel(b *Built) (video.Model, error) {
	switch {
	case b.Detector != nil:
		return video.Detect(b.Detector)
	case b.Segmenter != nil && slices.Equal(b.Outputs, c.Model.defaultOutputs()):
		return video.Segment(b.Segmenter)
	}
	return video.NewNetwork(b.Network, b.Transform, b.Labels, orDefault(c.Pipeline.Top, defaultTop), b.Outputs...)
}

// DescribeVideo is BuildVideo without a model, for a caller that has one.
func (c *Config) DescribeVideo() (*Video, error) {
	p := c.Pipeline
	if p == nil {
		return nil, errors.Wrapf(ErrConfig, "%s has no pipeline: give it a section pipeline with sources and sinks", c.where("", ""))
	}
	v := &Video{Config: video.Config{
		Batch:    video.Batching{Size: p.Batch.Size, Wait: time.Duration(p.Batch.Wait)},
		Queue:    p.Queue,
		LogEvery: time.Duration(p.LogEvery),
	}}
	for i := range p.Sources {
		v.Inputs = append(v.Inputs, c.input(&p.Sources[i]))
	}
	for i := range p.Sinks {
		o := c.output(&p.Sinks[i], v)
		o.Sources = p.Sinks[i].Sources
		v.Outputs = append(v.Outputs, o)
	}
	if a := p.Annotate; a != nil {
		v.Annotate = &video.Style{Line: a.Line, Opacity: a.Opacity, MinScore: a.MinScore, NoText: a.NoText}
	}
	var err error
	if v.Post, err = p.post(); err != nil {
		return nil, errors.WithMessage(err, c.where("pipeline", ""))
	}
	return v, nil
}

// suits says what the model's outputs cannot serve, before anything runs.
func (c *Config) suits() error {
	classes := slices.Contains(c.Outputs, "logits")
	if c.Pipeline.Smoothing != nil && !classes {
		return errors.Wrapf(ErrConfig, "%s: smoothing needs logits among the outputs", c.where("pipeline.smoothing", ""))
	}
	maps := !classes && c.Model.Detector == nil || len(c.Outputs) > 1
	for i, s := range c.Pipeline.Sinks {
		if s.Features != nil && !maps {
			return errors.Wrapf(ErrConfig, "%s: this sink needs levels such as C5 among the outputs", c.where(indexed("pipeline.sinks", i)+".features", ""))
		}
	}
	return nil
}

func orDefault[T comparable](v, value T) T {
	var zero T
	if v == zero {
		return value
	}
	return v
}

// post makes the processors. Those that are made here show that the ones of
// each source can be.
func (p *Pipeline) post() (func(string) []video.Processor, error) {
	var makers []func() (video.Processor, error)
	if s := p.Smoothing; s != nil {
		makers = append(makers, video.Smoothing{Window: s.Window, Enter: s.Enter, Exit: s.Exit}.Processor)
	}
	if t := p.Tracking; t != nil {
		makers = append(makers, video.Tracking{MinIoU: t.MinIoU, MaxAge: t.MaxAge}.Processor)
	}
	for _, f := range makers {
		if _, err := f(); err != nil {
			return nil, err
		}
	}
	return func(string) (list []video.Processor) {
		for _, f := range makers {
			if x, err := f(); err == nil {
				list = append(list, x)
			}
		}
		return list
	}, nil
}

func (c *Config) input(s *Source) video.Input {
	return video.Input{
		Name: s.Name, Open: c.opener(s),
		Selection: video.Selection{
			Start: time.Duration(s.Start), End: time.Duration(s.End), Stride: s.Stride, FPS: s.FPS, ROI: s.roi(), Loop: s.Loop,
		},
		Policy: s.Policy, Queue: s.Queue, Stall: time.Duration(s.Stall), Unchanged: time.Duration(s.Unchanged),
		Reconnect: video.Reconnect{
			Disabled: s.Reconnect.Disabled, Initial: time.Duration(s.Reconnect.Initial),
			Max: time.Duration(s.Reconnect.Max), Attempts: s.Reconnect.Attempts,
		},
	}
}

func (c *Config) opener(s *Source) video.Opener {
	switch {
	case s.Camera != nil:
		return video.Camera(*s.Camera)
	case s.URL != "":
		return video.URL(s.URL)
	case s.GStreamer != "":
		return video.GStreamer(s.GStreamer)
	case s.Images != "":
		return video.Images(c.fromFile(s.Images), s.Rate)
	case s.Sequence != "":
		return video.Sequence(c.fromFile(s.Sequence), s.First, s.Rate)
	case s.MJPEG != "":
		return video.MJPEG(s.MJPEG, nil)
	case s.Y4M != "":
		return c.stream(s.Y4M, video.Y4M)
	case s.Raw != nil:
		o := video.RawOptions{Width: s.Raw.Width, Height: s.Raw.Height, Format: s.Raw.Format, FPS: s.Rate}
		return c.stream(s.Raw.Path, func(r io.Reader) video.Opener { return video.Raw(r, o) })
	}
	return video.File(c.fromFile(s.File))
}

// stream opens a file, or standard input, when the pipeline opens the source.
func (c *Config) stream(path string, open func(io.Reader) video.Opener) video.Opener {
	if path == "-" {
		return open(os.Stdin)
	}
	return func(ctx context.Context) (video.Source, error) {
		f, err := os.Open(c.fromFile(path))
		if err != nil {
			return nil, errors.Wrap(video.ErrSource, err.Error())
		}
		s, err := open(f)(ctx)
		if err != nil {
			_ = f.Close()
			return nil, errors.WithMessage(err, path)
		}
		return s, nil
	}
}

func (c *Config) output(s *Sink, v *Video) video.Output {
	switch {
	case s.Video != nil:
		return video.VideoFile(c.fromFile(s.Video.Path), video.WriterOptions{Codec: s.Video.Codec, FPS: s.Video.FPS})
	case s.Window != "":
		return video.Window(s.Window)
	case s.HTTP != "":
		server := video.NewServer()
		v.servers = append(v.servers, server)
		return server.Listen(s.HTTP, nil)
	case s.Images != nil:
		return video.ImageFolder(c.fromFile(s.Images.Folder), orDefault(s.Images.Format, defaultFormat))
	case s.Features != nil:
		return video.FeatureShards(c.fromFile(s.Features.Folder), orDefault(s.Features.Frames, defaultShard))
	}
	return video.JSONL(c.fromFile(s.JSONL))
}

// resolvePaths makes the pipeline's paths independent of the file's
// folder, in a copy.
func (p *Pipeline) resolvePaths(from func(string) string) *Pipeline {
	if p == nil {
		return nil
	}
	own := *p
	own.Sources, own.Sinks = slices.Clone(p.Sources), slices.Clone(p.Sinks)
	file := func(path string) string {
		if path == "-" {
			return path
		}
		return from(path)
	}
	for i := range own.Sources {
		s := &own.Sources[i]
		s.File, s.Images, s.Sequence, s.Y4M = from(s.File), from(s.Images), from(s.Sequence), file(s.Y4M)
		if s.Raw != nil {
			raw := *s.Raw
			raw.Path = file(raw.Path)
			s.Raw = &raw
		}
	}
	for i := range own.Sinks {
		s := &own.Sinks[i]
		s.JSONL = from(s.JSONL)
		if s.Video != nil {
			x := *s.Video
			x.Path = from(x.Path)
			s.Video = &x
		}
		if s.Images != nil {
			x := *s.Images
			x.Folder = from(x.Folder)
			s.Images = &x
		}
		if s.Features != nil {
			x := *s.Features
			x.Folder = from(x.Folder)
			s.Features = &x
		}
	}
	return &own
}
