// Command benchmark measures networks on this machine.
//
//	go run ./examples/benchmark
//	go run ./examples/benchmark -model resnet50,resnet18 -threads 1,2 -batch 1,8
//	go run ./examples/benchmark -model resnet50 -threads 1 -profile
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/examples/internal/cli"
	"github.com/vertebra-vision/vertebra/ops"
)

func main() {
	cli.Main("benchmark", func(ctx context.Context, args []string) error { return run(ctx, args, os.Stdout) })
}

// setup is one line of the table.
type setup struct {
	model                         string
	batch, height, width, threads int
	direct                        bool
}

func run(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("benchmark", flag.ContinueOnError)
	models := fs.String("model", "resnet50", "networks, by commas: "+strings.Join(backbone.Presets(), ", "))
	size := fs.String("size", "224x224", "the input's height and width")
	batches := fs.String("batch", "1", "images a run, by commas")
	threads := fs.String("threads", fmt.Sprintf("1,%d", runtime.GOMAXPROCS(0)), "threads a run, by commas")
	seconds := fs.Float64("seconds", 3, "how long to measure each line")
	direct := fs.Bool("direct", false, "forbid Winograd's algorithm")
	profile := fs.Bool("profile", false, "print the time of each step in place of the table")
	if err := fs.Parse(args); err != nil {
		return err
	}
	var height, width int
	if _, err := fmt.Sscanf(*size, "%dx%d", &height, &width); err != nil || fs.NArg() > 0 {
		fs.Usage()
		return errors.New("-size is HEIGHTxWIDTH, and there are no other arguments")
	}
	batchList, err := numbers(*batches)
	if err != nil {
		return err
	}
	threadList, err := numbers(*threads)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	defer func() { _ = w.Flush() }()
	if !*profile {
		fmt.Fprintln(w, "network\tinput\tthreads\tmedian ms\tp95 ms\timages/s\tGFLOP/s\tarena MiB")
	}
	for _, model := range strings.Split(*models, ",") {
		for _, batch := range batchList {
			for _, n := range slices.Compact(threadList) {
				s := setup{model, batch, height, width, n, *direct}
				if *profile {
					err = s.profile(ctx, w)
				} else {
					err = s.measure(ctx, w, time.Duration(*seconds*float64(time.Second)))
				}
				if err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func numbers(list string) ([]int, error) {
	var all []int
	for _, text := range strings.Split(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(text))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no list of numbers above 0", list)
		}
		all = append(all, n)
	}
	return all, nil
}

// prepare makes the network, with random weights, and an input.
func (s setup) prepare() (*backbone.Network, *ops.Tensor, error) {
	config, err := backbone.Preset(s.model)
	if err != nil {
		return nil, nil, err
	}
	opts := []backbone.Option{backbone.WithThreads(s.threads)}
	if s.direct {
		opts = append(opts, backbone.WithoutWinograd())
	}
	net, err := backbone.New(config, opts...)
	if err != nil {
		return nil, nil, err
	}
	x, err := ops.New(s.batch, config.InChannels, s.height, s.width)
	if err != nil {
		return nil, nil, err
	}
	for i := range x.Data() {
		x.Data()[i] = float32(i%255)/127 - 1
	}
	return net, x, nil
}

// measure prints one line.
func (s setup) measure(ctx context.Context, w *tabwriter.Writer, length time.Duration) error {
	net, x, err := s.prepare()
	if err != nil {
		return err
	}
	plan, err := net.Plan(x.Shape())
	if err != nil {
		return err
	}
	var times []float64
	for end := time.Now().Add(length); len(times) < 6 || time.Now().Before(end); {
		start := time.Now()
		if _, err := net.Forward(ctx, x); err != nil {
			return err
		}
		times = append(times, time.Since(start).Seconds())
	}
	times = times[1:] // the first run has cold caches
	slices.Sort(times)
	median := times[len(times)/2]
	fmt.Fprintf(w, "%s\t%dx%dx%d\t%d\t%.2f\t%.2f\t%.1f\t%.0f\t%.1f\n", s.model, s.batch, s.height, s.width, s.threads,
		1e3*median, 1e3*times[len(times)*95/100], float64(s.batch)/median, 2*float64(plan.MACs())/median/1e9, float64(plan.ArenaBytes())/(1<<20))
	return w.Flush()
}

// profile prints a line for each step.
func (s setup) profile(ctx context.Context, w *tabwriter.Writer) error {
	net, x, err := s.prepare()
	if err != nil {
		return err
	}
	plan, err := net.Plan(x.Shape())
	if err != nil {
		return err
	}
	steps, err := plan.Profile(ctx, x, 20)
	if err != nil {
		return err
	}
	var total time.Duration
	for _, step := range steps {
		total += step.Time
	}
	fmt.Fprintln(w, "node\tfused\tkernel\tshape\tms\tshare\tGFLOP/s")
	for _, step := range steps {
		fmt.Fprintf(w, "%s\t%s\t%s\t%v\t%.3f\t%.1f %%\t%.0f\n", step.Node, strings.Join(step.Fused, " "), step.Kernel, step.Shape,
			1e3*step.Time.Seconds(), 100*float64(step.Time)/float64(total), 2*float64(step.MACs)/step.Time.Seconds()/1e9)
	}
	fmt.Fprintf(w, "%s, %d threads\t\t\t\t%.3f\t\t%.0f\n", s.model, s.threads, 1e3*total.Seconds(), 2*float64(plan.MACs())/total.Seconds()/1e9)
	return w.Flush()
}
