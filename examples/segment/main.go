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
	"errors"
	"flag"
	"fmt"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/examples/internal/cli"
	"github.com/vertebra-vision/vertebra/heads/segment"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

func main() {
	cli.Main("segment", func(ctx context.Context, args []string) error { return run(ctx, args, os.Stdout) })
}

func run(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("segment", flag.ContinueOnError)
	var src segment.Source
	fs.StringVar(&src.Model, "model", "", "the network: "+strings.Join(segment.Models(), ", "))
	fs.StringVar(&src.Weights, "weights", "", "a checkpoint's `FILE` or a published one's name, which is downloaded once (default: the model's published default)")
	fs.StringVar(&src.Under, "under", "", cli.UnderUsage)
	threads := fs.Int("threads", 0, "threads a run (default: all processors)")
	folder := fs.String("out", "out", "the `FOLDER` for pictures")
	opacity := fs.Float64("opacity", 0.6, "of the classes over the photograph, 0 to 1")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() == 0 || src.Model == "" && src.Weights == "" {
		fs.Usage()
		return errors.New("choose a -model and name at least one image")
	}
	if *threads != 0 {
		src.Options = append(src.Options, backbone.WithThreads(*threads))
	}
	seg, err := segment.Open(ctx, src, weights.WithProgressBar(os.Stderr))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(*folder, 0o755); err != nil {
		return err
	}
	for _, path := range fs.Args() {
		img, err := transform.Load(path)
		if err != nil {
			return err
		}
		m, err := seg.Segment(ctx, img)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if err := printTable(out, path, m); err != nil {
			return err
		}
		name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
		overlay := withLegend(m.Overlay(img, *opacity), m)
		if err := save(out, filepath.Join(*folder, name+"_overlay.png"), overlay); err != nil {
			return err
		}
		if err := save(out, filepath.Join(*folder, name+"_classes.png"), m.Paletted); err != nil {
			return err
		}
	}
	return nil
}

func save(out io.Writer, path string, img image.Image) error {
	fmt.Fprintln(out, "wrote", path)
	return weights.SaveFile(path, func(w io.Writer) error { return png.Encode(w, img) })
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

func printTable(out io.Writer, path string, m *segment.Map) error {
	fmt.Fprintf(out, "%s, %dx%d\n", filepath.Base(path), m.Rect.Dx(), m.Rect.Dy())
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	counts := m.Counts()
	for _, class := range present(m) {
		fmt.Fprintf(w, "%.1f %%\t  %s\n", 100*float64(counts[class])/float64(len(m.Pix)), m.Label(class))
	}
	return w.Flush()
}
