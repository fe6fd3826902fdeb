// Command classify prints the most likely classes of photographs.
//
//	go run ./examples/classify testdata/images/chelsea.png
//	go run ./examples/classify -model resnet50 -weights resnet50.pth photo.jpg
//	go run ./examples/classify -weights resnet50/IMAGENET1K_V2 -json photographs
//	go run ./examples/classify -model resnet50 -cam out photo.jpg
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/vertebra-vision/vertebra/examples/internal/cli"
	"github.com/vertebra-vision/vertebra/examples/internal/pictures"
	"github.com/vertebra-vision/vertebra/examples/internal/results"
	"github.com/vertebra-vision/vertebra/heads/classify"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

func main() { cli.Main("classify", run) }

// program is the command line, and the classifier that it chooses.
type program struct {
	network    cli.Network
	top        int
	cam        string
	json       bool
	job        pictures.Job
	classifier *classify.Classifier
	out, log   io.Writer
}

// result is what -json prints for an image.
type result struct {
	Image       string                `json:"image"`
	Predictions []classify.Prediction `json:"predictions"`
}

func parse(ctx context.Context, args []string, out, log io.Writer) (*program, error) {
	fs := flag.NewFlagSet("classify", flag.ContinueOnError)
	p := &program{job: pictures.Job{Program: "classify", Log: log, Rows: out}, out: out, log: log}
	p.network.Register(fs)
	fs.IntVar(&p.top, "top", 5, "how many classes to print")
	fs.StringVar(&p.cam, "cam", "", "write NAME.cam.png into this `FOLDER`: the photograph with a heat map of the evidence for its likeliest class")
	fs.BoolVar(&p.json, "json", false, "print a JSON object for each image in place of the table")
	p.job.Register(fs)
	if err := cli.Parse(fs, args, out, "[flags] "+pictures.Synopsis); err != nil {
		return nil, err
	}
	var err error
	p.job.Pictures, err = pictures.Find(ctx, fs.Args())
	return p, err
}

func run(ctx context.Context, args []string, out, log io.Writer) error {
	p, err := parse(ctx, args, out, log)
	if err != nil {
		return err
	}
	if err := p.guard(); err != nil {
		return err
	}
	if p.classifier, err = p.network.Open(ctx); err != nil {
		return err
	}
	p.job.Visit = func(photo *pictures.Picture, img *transform.RGB) error { return p.classify(ctx, photo, img) }
	p.job.Failed = p.failed
	return p.job.Run(ctx)
}

// guard keeps the heat maps from replacing what is read.
func (p *program) guard() error {
	var g results.Guard
	g.Reads(p.network.Weights)
	g.Reads(pictures.Files(p.job.Pictures)...)
	if p.cam != "" {
		for i := range p.job.Pictures {
			g.Writes("-cam", p.heatMap(&p.job.Pictures[i]))
		}
	}
	return g.Prepare()
}

func (p *program) heatMap(photo *pictures.Picture) string {
	return filepath.Join(p.cam, photo.Stem+".cam.png")
}

func (p *program) classify(ctx context.Context, photo *pictures.Picture, img *transform.RGB) error {
	start := time.Now()
	rows, err := p.classifier.Classify(ctx, p.top, img)
	if err != nil {
		return err
	}
	predictions := rows[0]
	if p.json {
		err = json.NewEncoder(p.out).Encode(result{photo.Name, predictions})
	} else {
		err = printTable(p.out, photo.Label, predictions, time.Since(start))
	}
	if err != nil || p.cam == "" || len(predictions) == 0 {
		return err
	}
	file := p.heatMap(photo)
	if err := saveCAM(ctx, p.classifier, file, img, predictions[0].Class); err != nil {
		return err
	}
	fmt.Fprintln(p.log, "wrote", file)
	return nil
}

func (p *program) failed(photo *pictures.Picture, err error) error {
	if p.json {
		return json.NewEncoder(p.out).Encode(photo.Failure(err))
	}
	return pictures.PrintFailure(p.out, photo, err)
}

func printTable(out io.Writer, label string, predictions []classify.Prediction, took time.Duration) error {
	fmt.Fprintf(out, "%s (%.0f ms)\n", label, took.Seconds()*1e3)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for i, p := range predictions {
		fmt.Fprintf(w, "%d\t%.1f %%\t  %s\n", i+1, 100*p.Probability, p.Label)
	}
	return w.Flush()
}
