// Command classify prints the most likely classes of photographs.
//
//	go run ./examples/classify testdata/images/chelsea.png
//	go run ./examples/classify -model resnet50 -weights resnet50.pth photo.jpg
//	go run ./examples/classify -weights resnet50/IMAGENET1K_V2 photo.jpg
//	go run ./examples/classify -model resnet50 -cam out photo.jpg
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/vertebra-vision/vertebra/examples/internal/cli"
	"github.com/vertebra-vision/vertebra/heads/classify"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

func main() {
	cli.Main("classify", func(ctx context.Context, args []string) error { return run(ctx, args, os.Stdout) })
}

// result is what -json prints for an image.
type result struct {
	Image       string                `json:"image"`
	Predictions []classify.Prediction `json:"predictions"`
}

func run(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("classify", flag.ContinueOnError)
	var network cli.Network
	network.Register(fs)
	top := fs.Int("top", 5, "how many classes to print")
	cam := fs.String("cam", "", "write NAME.cam.png into this `FOLDER`: the photograph with a heat map of the evidence for its likeliest class")
	asJSON := fs.Bool("json", false, "print a JSON object for each image in place of the table")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() == 0 {
		fs.Usage()
		return errors.New("name at least one image (JPEG, PNG, WebP, BMP or GIF)")
	}
	c, err := network.Open(ctx)
	if err != nil {
		return err
	}
	if *cam != "" {
		if err := os.MkdirAll(*cam, 0o755); err != nil {
			return err
		}
	}
	var bad error
	for _, path := range fs.Args() {
		start := time.Now()
		predictions, err := classifyFile(ctx, c, path, *top)
		if err != nil && ctx.Err() != nil {
			return err
		}
		if err != nil { // the other images may be fine
			fmt.Fprintln(os.Stderr, "classify:", err)
			bad = errors.New("some images could not be classified")
			continue
		}
		if *asJSON {
			err = json.NewEncoder(out).Encode(result{path, predictions})
		} else {
			err = printTable(out, path, predictions, time.Since(start))
		}
		if err != nil {
			return err
		}
		if *cam != "" && len(predictions) > 0 {
			file, err := saveCAM(ctx, c, *cam, path, predictions[0].Class)
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			fmt.Fprintln(os.Stderr, "wrote", file)
		}
	}
	return bad
}

func classifyFile(ctx context.Context, c *classify.Classifier, path string, top int) ([]classify.Prediction, error) {
	img, err := transform.Load(path)
	if err != nil {
		return nil, err
	}
	rows, err := c.Classify(ctx, top, img)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rows[0], nil
}

func printTable(out io.Writer, path string, predictions []classify.Prediction, took time.Duration) error {
	fmt.Fprintf(out, "%s (%.0f ms)\n", filepath.Base(path), took.Seconds()*1e3)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for i, p := range predictions {
		fmt.Fprintf(w, "%d\t%.1f %%\t  %s\n", i+1, 100*p.Probability, p.Label)
	}
	return w.Flush()
}
