// Command video runs a network over a video file, a camera, a stream or a
// folder of pictures, and prints what it sees as it goes.
//
//	go run ./examples/video -source clip.avi -jsonl out.jsonl -video annotated.mp4
//	go run ./examples/video -source 0 -http localhost:8080
//	go run ./examples/video -config multi-camera -set pipeline.batch.size=4
//	ffmpeg -i clip.mp4 -f yuv4mpegpipe - | CGO_ENABLED=0 go run ./examples/video -source -
//
// Without -config it is an embedded ResNet-20, which knows CIFAR-10's classes.
// Video files, cameras and RTSP need OpenCV 4 and cgo; pictures, YUV4MPEG2 and
// MJPEG over HTTP do not.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/vertebra-vision/vertebra/configs"
	"github.com/vertebra-vision/vertebra/examples/internal/cifar10"
	"github.com/vertebra-vision/vertebra/examples/internal/cli"
	"github.com/vertebra-vision/vertebra/examples/internal/pictures"
	"github.com/vertebra-vision/vertebra/examples/internal/results"
	"github.com/vertebra-vision/vertebra/video"
	"github.com/vertebra-vision/vertebra/weights"
)

func main() { cli.Main("video", run) }

// options are the command line.
type options struct {
	config, source, weights   string
	jsonl, video, http, every string
	sets                      []string
	check                     bool
	maxBad                    int
}

func parse(args []string, out io.Writer) (*options, error) {
	var o options
	fs := flag.NewFlagSet("video", flag.ContinueOnError)
	fs.StringVar(&o.config, "config", "", "a YAML `FILE`, or a shipped configuration: "+strings.Join(configs.Shipped(), ", ")+" (default: an embedded ResNet-20 for CIFAR-10)")
	fs.StringVar(&o.source, "source", "", "a video `FILE`, a camera's number, a stream's URL, a folder or glob of pictures, a .y4m file, or - for one on standard input (default: what the configuration says)")
	fs.StringVar(&o.weights, "weights", "", "a checkpoint's `FILE` or a published one's name (default: what the configuration says)")
	fs.StringVar(&o.jsonl, "jsonl", "", "also write a line of JSON for each frame to this `FILE`")
	fs.StringVar(&o.video, "video", "", "also write the annotated video to this `FILE`")
	fs.StringVar(&o.http, "http", "", "also show the frames to browsers at this `ADDRESS`, such as localhost:8080")
	fs.StringVar(&o.every, "every", "1s", "print a row of each source every so often; 0s prints every frame")
	fs.Func("set", "change the configuration: `KEY=VALUE`, such as pipeline.batch.size=4; may be repeated", func(s string) error {
		o.sets = append(o.sets, s)
		return nil
	})
	fs.IntVar(&o.maxBad, "max-bad", pictures.MaxBad, "go on past so many pictures of folders that cannot be read, each with a warning and a row; 0 stops at the first, -1 never")
	fs.BoolVar(&o.check, "check", false, "check the configuration, print it resolved, and stop")
	if err := cli.Parse(fs, args, out, "[flags]"); err != nil {
		return nil, err
	}
	if o.config == "" && (o.source == "" || o.check || len(o.sets) > 0 || o.weights != "") || fs.NArg() > 0 {
		return nil, cli.Usagef("-config or -source is needed; -set, -weights and -check go with -config, and nothing else but flags")
	}
	return &o, nil
}

func run(ctx context.Context, args []string, out, log io.Writer) error {
	o, err := parse(args, out)
	if err != nil {
		return err
	}
	every, err := time.ParseDuration(o.every)
	if err != nil {
		return cli.Usagef("-every: %w", err)
	}
	c, err := load(o)
	if err != nil {
		return err
	}
	if o.check {
		_, err := io.WriteString(out, c.String())
		return err
	}
	if err := guard(o, c); err != nil {
		return err
	}
	v, err := build(ctx, o, c, log)
	if err != nil {
		return err
	}
	table := &table{out: out, every: every, last: map[string]time.Time{}, maxBad: o.maxBad}
	for i := range v.Inputs {
		in := &v.Inputs[i]
		if in.Name == "" {
			in.Name = fmt.Sprintf("source%d", i)
		}
		in.Open = video.PassOver(in.Open, func(b *video.BadPicture) bool { return table.bad(in.Name, log, b) })
	}
	v.Outputs = append(v.Outputs, video.Func(table.row))
	v.Outputs[len(v.Outputs)-1].Name = "table"
	if !cli.IsTerminal(out) {
		v.Progress = log // where rows do not cut through it
	}
	v.Log = slog.New(slog.NewTextHandler(log, nil))
	p, err := v.New()
	if err != nil {
		return err
	}
	err = p.Run(ctx)
	if s := p.Stats(); s.Frames > 0 {
		summary(out, s)
	}
	if err == nil {
		err = table.failures()
	}
	return err
}

// load reads the configuration and adds what the command line says.
func load(o *options) (*configs.Config, error) {
	c := &configs.Config{}
	if o.config != "" {
		var err error
		if c, err = configs.Load(o.config, configs.Set(o.sets...)); err != nil {
			return nil, err
		}
	}
	if o.weights != "" {
		c.SetWeights(o.weights)
	}
	if o.source != "" {
		c.SetSource(o.source)
	}
	if c.Pipeline == nil {
		return nil, fmt.Errorf("%s describes a network alone: say what to run it on with -source", o.config)
	}
	for _, s := range []struct {
		value string
		sink  configs.Sink
	}{
		{o.jsonl, configs.Sink{JSONL: o.jsonl}},
		{o.video, configs.Sink{Video: &configs.VideoFile{Path: o.video}}},
		{o.http, configs.Sink{HTTP: o.http}},
	} {
		if s.value != "" {
			c.AddSink(s.sink)
		}
	}
	if c.Pipeline.Annotate == nil && (o.video != "" || o.http != "") {
		c.Pipeline.Annotate = &configs.Annotate{}
	}
	return c, nil
}

// guard keeps the results from replacing what is read.
func guard(o *options, c *configs.Config) error {
	var g results.Guard
	g.Reads(o.config)
	g.Reads(c.Reads()...)
	for _, w := range c.Writes() {
		if w.Extension == "" {
			g.Writes("a sink", w.Path)
		} else {
			g.WritesInto("a sink", w.Path, w.Extension)
		}
	}
	return g.Prepare()
}

// build makes the model: the configuration's, or else the embedded one.
func build(ctx context.Context, o *options, c *configs.Config, log io.Writer) (*configs.Video, error) {
	if o.config != "" {
		return c.BuildVideo(ctx, weights.WithProgressBar(log))
	}
	v, err := c.DescribeVideo()
	if err != nil {
		return nil, err
	}
	classifier, err := cifar10.Open()
	if err != nil {
		return nil, err
	}
	v.Model, err = video.Classify(classifier, 3)
	return v, err
}

// summary prints the figures of each stage.
func summary(out io.Writer, s video.Stats) {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "\nstage\tcount\tmean\tp50\tp95\tp99\n")
	line := func(name string, l video.Latency) {
		ms := func(d time.Duration) string { return fmt.Sprintf("%.2f ms", d.Seconds()*1e3) }
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\n", name, l.Count, ms(l.Mean), ms(l.P50), ms(l.P95), ms(l.P99))
	}
	for _, x := range s.Stages {
		line(x.Name, x.Latency)
	}
	line("all", s.Latency)
	_ = w.Flush()
	var dropped, reconnects int64
	for _, x := range s.Sources {
		dropped += x.Dropped
		reconnects += x.Reconnects
	}
	fmt.Fprintf(out, "%d frames in %.1f s: %.1f per second, %d dropped, %d reconnections\n", s.Frames, s.Elapsed.Seconds(), s.MeanFPS, dropped, reconnects)
}
