// Command benchmark measures networks on this machine, against the most
// multiply-adds that it does.
//
//	go run ./examples/benchmark
//	go run ./examples/benchmark -model resnet50,resnet18 -threads 1,2 -batch 1,8 -chart speed.png
//	go run ./examples/benchmark -model resnet50 -threads 1 -profile -chart nodes.png
//	go run ./examples/benchmark -model resnet50_fpn -size 640x640 -json -
//	go run ./examples/benchmark -model resnet50 -threads 1 -tune choices.json
//
// The folder peers has a script that compares it with other runtimes.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/examples/internal/cli"
	"github.com/vertebra-vision/vertebra/examples/internal/results"
	"github.com/vertebra-vision/vertebra/heads/segment"
)

func main() { cli.Main("benchmark", run) }

// options are the command line.
type options struct {
	models           []string
	batches, threads []int
	height, width    int
	length           time.Duration
	direct, byBatch  bool
	profile          bool
	cold             bool
	weights, output  string
	tune             string
	json, chart      string
	chartSize        [2]int
	log              io.Writer
}

func parse(args []string, out io.Writer) (*options, error) {
	fs := flag.NewFlagSet("benchmark", flag.ContinueOnError)
	models := fs.String("model", "resnet50", "networks, by commas: "+strings.Join(backbone.Presets(), ", ")+"; with _os8 or _os16 for that output stride, or _fpn for a feature pyramid; "+strings.Join(segment.Models(), ", "))
	size := fs.String("size", "224x224", "the input's `HEIGHTxWIDTH`")
	batches := fs.String("batch", "1", "images a run, by commas")
	threads := fs.String("threads", defaultThreads(), "threads a run, by commas")
	seconds := fs.Float64("seconds", 3, "how long to measure each line")
	chartSize := fs.String("chart-size", "1600x900", "the chart's `WIDTHxHEIGHT` in pixels")
	o := &options{}
	fs.BoolVar(&o.byBatch, "by-batch", false, "let algorithms be chosen by the batch, too, so that a picture's results depend on its company")
	fs.BoolVar(&o.direct, "direct", false, "forbid Winograd's algorithm")
	fs.BoolVar(&o.profile, "profile", false, "measure each step in place of the whole")
	fs.BoolVar(&o.cold, "cold", false, "run once and tell the time since the start; the weights are read in that time")
	fs.StringVar(&o.weights, "weights", "", "a checkpoint's `FILE` for the network (default: random weights)")
	fs.StringVar(&o.tune, "tune", "", "measure each convolution's algorithms first, and keep the choices in a `FILE`")
	fs.StringVar(&o.output, "output", "", "write the network's results to a `FILE`: little-endian float32, nothing else")
	fs.StringVar(&o.json, "json", "", "write the figures to a `FILE`; - prints them in place of the table")
	fs.StringVar(&o.chart, "chart", "", "draw the figures into a PNG `FILE`")
	if err := cli.Parse(fs, args, out, "[flags]"); err != nil {
		return nil, err
	}
	if fs.NArg() > 0 {
		return nil, fmt.Errorf("unexpected argument %q: flags only", fs.Arg(0))
	}
	o.models = strings.Split(*models, ",")
	o.length = time.Duration(*seconds * float64(time.Second))
	var err error
	if o.batches, err = numbers("-batch", *batches); err != nil {
		return nil, err
	}
	if o.threads, err = numbers("-threads", *threads); err != nil {
		return nil, err
	}
	if o.height, o.width, err = extents("-size", *size); err != nil {
		return nil, err
	}
	if o.chartSize[0], o.chartSize[1], err = extents("-chart-size", *chartSize); err != nil {
		return nil, err
	}
	return o, o.check()
}

// check finds what cannot be done together.
func (o *options) check() error {
	lines := len(o.models) * len(o.batches) * len(o.threads)
	switch {
	case o.weights != "" && len(o.models) > 1:
		return fmt.Errorf("-weights is one network's, -model names %d", len(o.models))
	case (o.output != "" || o.cold) && lines > 1:
		return fmt.Errorf("-output and -cold take one network, batch and number of threads, not %d combinations", lines)
	case o.profile && o.cold:
		return fmt.Errorf("-profile measures many runs and -cold the first: choose one")
	case o.direct && o.tune != "":
		return fmt.Errorf("-direct leaves one algorithm and -tune chooses among several: choose one")
	case o.chart != "" && (min(o.chartSize[0], o.chartSize[1]) < 200 || max(o.chartSize[0], o.chartSize[1]) > 8000):
		return fmt.Errorf("-chart-size %dx%d: want 200 to 8000 pixels each", o.chartSize[0], o.chartSize[1])
	}
	return nil
}

func defaultThreads() string {
	n := runtime.GOMAXPROCS(0)
	if n == 1 {
		return "1"
	}
	return fmt.Sprintf("1,%d", n)
}

func run(ctx context.Context, args []string, out, log io.Writer) error {
	o, err := parse(args, out)
	if err != nil {
		return cli.Usage(err)
	}
	if err := o.guard(); err != nil {
		return err
	}
	o.log = log
	r := newReport(o)
	err = r.measure(ctx, o)
	if err != nil && len(r.Lines) == 0 {
		return err
	}
	if e := r.write(ctx, o, out); err == nil { // what there is, after Ctrl-C too
		err = e
	}
	return err
}

// guard keeps the results from replacing what is read, and each other.
func (o *options) guard() error {
	var g results.Guard
	g.Reads(o.weights)
	for flag, file := range map[string]string{"-tune": o.tune, "-output": o.output, "-json": o.json, "-chart": o.chart} {
		if file != "" && !(flag == "-json" && file == "-") {
			g.Writes(flag, file)
		}
	}
	return g.Prepare()
}

// numbers reads a list, without duplicates.
func numbers(name, list string) ([]int, error) {
	var all []int
	for text := range strings.SplitSeq(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%s %q: want numbers above 0, by commas", name, list)
		}
		if !slices.Contains(all, n) {
			all = append(all, n)
		}
	}
	return all, nil
}

// extents reads two numbers with an x between.
func extents(name, text string) (a, b int, err error) {
	first, second, found := strings.Cut(text, "x")
	a, err1 := strconv.Atoi(first)
	b, err2 := strconv.Atoi(second)
	if !found || err1 != nil || err2 != nil || a < 1 || b < 1 {
		return 0, 0, fmt.Errorf("%s %q: want two numbers above 0, such as 224x224", name, text)
	}
	return a, b, nil
}
