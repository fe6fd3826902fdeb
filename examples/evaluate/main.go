// Command evaluate measures a classifier's error on labelled images, which lie
// as CLASS/IMAGE in a folder or a .tar.gz, CLASS being a label or its number.
//
//	go run ./examples/evaluate -data cifar10/test.tar.gz
//	go run ./examples/evaluate -model cifar_resnet56 -weights resnet56-4bfd9763.th -data cifar10/test.tar.gz
package main

import (
	"context"
	"flag"
	"fmt"
	"image"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/vertebra-vision/vertebra/examples/internal/cli"
	"github.com/vertebra-vision/vertebra/examples/internal/pictures"
	"github.com/vertebra-vision/vertebra/heads/classify"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

func main() { cli.Main("evaluate", run) }

func run(ctx context.Context, args []string, out, log io.Writer) error {
	fs := flag.NewFlagSet("evaluate", flag.ContinueOnError)
	var network cli.Network
	network.Register(fs)
	job := pictures.Job{Program: "evaluate", Log: log}
	job.Register(fs)
	data := fs.String("data", "", "a `FOLDER` or .tar.gz of images as CLASS/IMAGE")
	batch := fs.Int("batch", 50, "images a batch")
	if err := cli.Parse(fs, args, out, "[flags] -data FOLDER|FILE.tar.gz"); err != nil {
		return err
	}
	if *data == "" || fs.NArg() > 0 || *batch < 1 {
		return cli.Usagef("-data is needed, and nothing after the flags; -batch must be 1 or more")
	}
	var err error
	if job.Pictures, err = pictures.Find(ctx, []string{*data}); err != nil {
		return err
	}
	c, err := network.Open(ctx)
	if err != nil {
		return err
	}
	e := evaluation{Classifier: c, batch: *batch}
	if e.classes, err = classesOf(job.Pictures, c.Labels); err != nil {
		return err
	}
	start := time.Now()
	job.Visit = func(p *pictures.Picture, img *transform.RGB) error { return e.add(ctx, p, img) }
	job.Failed = func(p *pictures.Picture, err error) error { e.failed++; return pictures.PrintFailure(out, p, err) }
	err = job.Run(ctx)
	if rest := e.flush(ctx); err == nil { // of a job that stopped early, too
		err = rest
	}
	e.print(out, time.Since(start))
	return err
}

// classesOf finds the class of each picture, which its folder names, before
// any is computed.
func classesOf(list []pictures.Picture, labels []string) (map[string]int, error) {
	classes := map[string]int{}
	for i := range list {
		name := list[i].Class
		if _, ok := classes[name]; ok || list[i].Broken() {
			continue
		}
		class := slices.Index(labels, name)
		if class < 0 {
			n, err := strconv.Atoi(name)
			if err != nil || n < 0 || n >= len(labels) {
				return nil, fmt.Errorf("%s: folder %q names none of the network's %d classes, such as %q", list[i].Name, name, len(labels), labels[0])
			}
			class = n
		}
		classes[name] = class
	}
	return classes, nil
}

// evaluation counts hits, a batch at a time.
type evaluation struct {
	*classify.Classifier
	classes            map[string]int
	batch              int
	images             []image.Image // resized and cut
	truth              []int
	first, five, total int
	failed             int
}

func (e *evaluation) add(ctx context.Context, p *pictures.Picture, img *transform.RGB) error {
	cut, err := e.Transform.Pixels(img)
	if err != nil {
		return err
	}
	e.images, e.truth = append(e.images, cut), append(e.truth, e.classes[p.Class])
	if len(e.images) < e.batch {
		return nil
	}
	return pictures.Fatal(e.flush(ctx))
}

func (e *evaluation) flush(ctx context.Context) error {
	images, truth := e.images, e.truth
	e.images, e.truth = nil, nil
	if len(images) == 0 {
		return nil
	}
	ready := *e.Classifier
	ready.Transform.Resize, ready.Transform.Crop = 0, 0
	rows, err := ready.Classify(ctx, 5, images...)
	if err != nil {
		return err
	}
	for i, row := range rows {
		rank := slices.IndexFunc(row, func(p classify.Prediction) bool { return p.Class == truth[i] })
		e.total++
		if rank == 0 {
			e.first++
		}
		if rank >= 0 {
			e.five++
		}
	}
	return nil
}

// print prints the errors over the images that were computed.
func (e *evaluation) print(out io.Writer, took time.Duration) {
	if e.total == 0 {
		return
	}
	percent := func(hits int) float64 { return 100 * (1 - float64(hits)/float64(e.total)) }
	fmt.Fprintf(out, "%s: %d images, top-1 error %.2f %%, top-5 error %.2f %%, %.0f images/s", e.Network.Config().Name, e.total,
		percent(e.first), percent(e.five), float64(e.total)/took.Seconds())
	if e.failed > 0 {
		fmt.Fprintf(out, ", %d others failed", e.failed)
	}
	fmt.Fprintln(out)
}
