// Command evaluate measures a classifier's error on labelled images, which lie
// as CLASS/IMAGE in a folder or a .tar.gz, CLASS being a label or its number.
//
//	go run ./examples/evaluate -data cifar10/test.tar.gz
//	go run ./examples/evaluate -model cifar_resnet56 -weights resnet56-4bfd9763.th -data cifar10/test.tar.gz
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"image"
	"io"
	"os"
	"slices"
	"strconv"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/vertebra-vision/vertebra/examples/internal/cli"
	"github.com/vertebra-vision/vertebra/examples/internal/labelled"
	"github.com/vertebra-vision/vertebra/heads/classify"
)

func main() {
	cli.Main("evaluate", func(ctx context.Context, args []string) error { return run(ctx, args, os.Stdout, os.Stderr) })
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	fs := flag.NewFlagSet("evaluate", flag.ContinueOnError)
	var network cli.Network
	network.Register(fs)
	data := fs.String("data", "", "a `FOLDER` or .tar.gz of images as CLASS/IMAGE")
	batch := fs.Int("batch", 50, "images a batch")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if *data == "" || fs.NArg() > 0 || *batch < 1 {
		fs.Usage()
		return errors.New("-data is needed, and -batch must be 1 or more")
	}
	c, err := network.Open(ctx)
	if err != nil {
		return err
	}
	e := evaluation{Classifier: c, batch: *batch, bar: newBar(progress)}
	start := time.Now()
	err = labelled.Each(*data, func(i labelled.Image) error { return e.add(ctx, i.Class, i.Pixels) })
	if err == nil {
		err = e.flush(ctx)
	}
	_ = e.bar.Finish()
	if e.total > 0 {
		fmt.Fprintf(out, "%s: %d images, top-1 error %.2f %%, top-5 error %.2f %%, %.0f images/s\n", c.Network.Config().Name, e.total,
			100*(1-float64(e.first)/float64(e.total)), 100*(1-float64(e.five)/float64(e.total)), float64(e.total)/time.Since(start).Seconds())
	}
	if err == nil && e.total == 0 {
		err = fmt.Errorf("no images as CLASS/IMAGE in %s", *data)
	}
	return err
}

// evaluation counts hits, a batch at a time.
type evaluation struct {
	*classify.Classifier
	batch              int
	images             []image.Image
	truth              []int
	first, five, total int
	bar                *progressbar.ProgressBar
}

func (e *evaluation) add(ctx context.Context, class string, img image.Image) error {
	label := slices.Index(e.Labels, class)
	if label < 0 {
		n, err := strconv.Atoi(class)
		if err != nil || n < 0 || n >= len(e.Labels) {
			return fmt.Errorf("folder %q names none of the network's %d classes, such as %q", class, len(e.Labels), e.Labels[0])
		}
		label = n
	}
	e.images, e.truth = append(e.images, img), append(e.truth, label)
	if len(e.images) < e.batch {
		return ctx.Err()
	}
	return e.flush(ctx)
}

func (e *evaluation) flush(ctx context.Context) error {
	if len(e.images) == 0 {
		return nil
	}
	rows, err := e.Classify(ctx, 5, e.images...)
	if err != nil {
		return err
	}
	for i, row := range rows {
		rank := slices.IndexFunc(row, func(p classify.Prediction) bool { return p.Class == e.truth[i] })
		e.total++
		if rank == 0 {
			e.first++
		}
		if rank >= 0 {
			e.five++
		}
	}
	_ = e.bar.Add(len(rows))
	e.images, e.truth = e.images[:0], e.truth[:0]
	return nil
}

// newBar shows progress on a terminal and nothing elsewhere.
func newBar(w io.Writer) *progressbar.ProgressBar {
	if f, ok := w.(*os.File); !ok || !term.IsTerminal(int(f.Fd())) {
		w = io.Discard
	}
	return progressbar.NewOptions(-1, progressbar.OptionSetWriter(w), progressbar.OptionShowCount(), progressbar.OptionShowIts(),
		progressbar.OptionSetItsString("images"), progressbar.OptionClearOnFinish(), progressbar.OptionThrottle(100*time.Millisecond))
}
