// Command segment gives every pixel of photographs a class.
//
//	go run ./examples/segment -model deeplabv3_resnet50 photo.jpg
//	go run ./examples/segment -model fcn_resnet50 -weights fcn_resnet50.pth -out masks photo.jpg
//
// It prints the share of each class, and writes for each photograph an overlay
// with a legend and the classes as a paletted PNG.
package main

import (
	"context"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/examples/internal/cli"
	"github.com/vertebra-vision/vertebra/examples/internal/pictures"
	"github.com/vertebra-vision/vertebra/examples/internal/results"
	"github.com/vertebra-vision/vertebra/heads/segment"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

func main() { cli.Main("segment", run) }

// program is the command line, and the network that it chooses.
type program struct {
	folder    string
	opacity   float64
	job       pictures.Job
	segmenter *segment.Segmenter
	out       io.Writer
}

func run(ctx context.Context, args []string, out, log io.Writer) error {
	fs := flag.NewFlagSet("segment", flag.ContinueOnError)
	p := &program{job: pictures.Job{Program: "segment", Log: log, Rows: out}, out: out}
	var src segment.Source
	fs.StringVar(&src.Model, "model", "", "the network: "+strings.Join(segment.Models(), ", "))
	fs.StringVar(&src.Weights, "weights", "", "a checkpoint's `FILE` or a published one's name, which is downloaded once (default: the model's published default)")
	fs.StringVar(&src.Under, "under", "", cli.UnderUsage)
	threads := fs.Int("threads", 0, "threads a run (default: all processors)")
	fs.StringVar(&p.folder, "out", "out", "the `FOLDER` for pictures")
	fs.Float64Var(&p.opacity, "opacity", 0.6, "of the classes over the photograph, 0 to 1")
	p.job.Register(fs)
	if err := cli.Parse(fs, args, out, "[flags] "+pictures.Synopsis); err != nil {
		return err
	}
	if src.Model == "" && src.Weights == "" {
		return cli.Usagef("choose a -model, such as %s", segment.Models()[0])
	}
	if !(p.opacity >= 0 && p.opacity <= 1) {
		return cli.Usagef("-opacity %v: want 0 to 1", p.opacity)
	}
	if *threads != 0 {
		src.Options = append(src.Options, backbone.WithThreads(*threads))
	}
	var err error
	if p.job.Pictures, err = pictures.Find(ctx, fs.Args()); err != nil {
		return err
	}
	if err := p.guard(src.Weights); err != nil {
		return err
	}
	if p.segmenter, err = segment.Open(ctx, src, weights.WithProgressBar(log)); err != nil {
		return err
	}
	p.job.Visit = func(photo *pictures.Picture, img *transform.RGB) error { return p.segment(ctx, photo, img) }
	p.job.Failed = func(photo *pictures.Picture, err error) error { return pictures.PrintFailure(out, photo, err) }
	return p.job.Run(ctx)
}

// guard keeps the pictures from replacing what is read.
func (p *program) guard(weights string) error {
	var g results.Guard
	g.Reads(weights)
	g.Reads(pictures.Files(p.job.Pictures)...)
	for i := range p.job.Pictures {
		overlay, classes := p.files(&p.job.Pictures[i])
		g.Writes("-out", overlay)
		g.Writes("-out", classes)
	}
	return g.Prepare()
}

// files are where a photograph's results go.
func (p *program) files(photo *pictures.Picture) (overlay, classes string) {
	base := filepath.Join(p.folder, photo.Stem)
	return base + "_overlay.png", base + "_classes.png"
}

func (p *program) segment(ctx context.Context, photo *pictures.Picture, img *transform.RGB) error {
	m, err := p.segmenter.Segment(ctx, img)
	if err != nil {
		return err
	}
	if err := printTable(p.out, photo.Label, m); err != nil {
		return err
	}
	overlay, classes := p.files(photo)
	if err := save(p.out, overlay, withLegend(m.Overlay(img, p.opacity), m)); err != nil {
		return err
	}
	return save(p.out, classes, m.Paletted)
}

func save(out io.Writer, path string, img image.Image) error {
	if err := weights.SaveFile(path, func(w io.Writer) error { return png.Encode(w, img) }); err != nil {
		return err
	}
	_, err := fmt.Fprintln(out, "wrote", path)
	return err
}

// present lists the classes that a map has, the largest first.
func present(m *segment.Map) []int {
	counts := m.Counts()
	var classes []int
	for class, n := range counts {
		if n > 0 {
			classes = append(classes, class)
		}
	}
	slices.SortStableFunc(classes, func(a, b int) int { return counts[b] - counts[a] })
	return classes
}

func printTable(out io.Writer, label string, m *segment.Map) error {
	fmt.Fprintf(out, "%s, %dx%d\n", label, m.Rect.Dx(), m.Rect.Dy())
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	counts := m.Counts()
	for _, class := range present(m) {
		fmt.Fprintf(w, "%.1f %%\t  %s\n", 100*float64(counts[class])/float64(len(m.Pix)), m.Label(class))
	}
	return w.Flush()
}
