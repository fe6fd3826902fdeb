// Command detect finds the objects in photographs: it prints a table, and
// writes pictures with the boxes and COCO's JSON.
//
//	go run ./examples/detect -weights fasterrcnn_resnet50_fpn/COCO_V1 photo.jpg
//	go run ./examples/detect -model retinanet_resnet50_fpn -weights file.pth -out . photo.jpg
//	go run ./examples/detect -model maskrcnn_resnet50_fpn -json found.json *.jpg
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/examples/internal/cli"
	"github.com/vertebra-vision/vertebra/heads/detect"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

func main() {
	cli.Main("detect", func(ctx context.Context, args []string) error { return run(ctx, args, os.Stdout) })
}

// options are the command line.
type options struct {
	source    detect.Source
	threshold float64
	classes   int
	threads   int
	minSize   int
	out, json string
}

func parse(args []string) (*options, []string, error) {
	fs := flag.NewFlagSet("detect", flag.ContinueOnError)
	o := &options{}
	fs.StringVar(&o.source.Model, "model", "", "the detector: "+strings.Join(detect.Models(), ", "))
	fs.StringVar(&o.source.Weights, "weights", "", "a checkpoint's `FILE` or a published one's name, such as fasterrcnn_resnet50_fpn/COCO_V1, which is downloaded once (default: the model's published default)")
	fs.StringVar(&o.source.Under, "under", "", cli.UnderUsage)
	fs.Float64Var(&o.threshold, "threshold", 0.5, "the least score")
	fs.IntVar(&o.classes, "classes", 0, "how many classes a file's detector has, the background included (default: COCO's)")
	fs.IntVar(&o.minSize, "size", 800, "pixels that a picture's shorter side gets")
	fs.IntVar(&o.threads, "threads", 0, "threads a run (default: all processors)")
	fs.StringVar(&o.out, "out", "", "write pictures with the boxes into this `FOLDER`, as NAME.detected.png")
	fs.StringVar(&o.json, "json", "", "write all detections to this `FILE`, in COCO's format of results")
	if err := fs.Parse(args); err != nil {
		return nil, nil, err
	}
	if fs.NArg() == 0 {
		fs.Usage()
		return nil, nil, errors.New("name at least one image (JPEG, PNG, WebP, BMP or GIF)")
	}
	if o.source.Model == "" && o.source.Weights == "" {
		o.source.Model = "fasterrcnn_resnet50_fpn"
	}
	return o, fs.Args(), nil
}

// open makes the detector.
func (o *options) open(ctx context.Context) (*detect.Detector, error) {
	const most = 1333.0 / 800
	o.source.Options = append(o.source.Options,
		detect.WithScoreThreshold(float32(o.threshold)),
		detect.WithMinMaxSize(o.minSize, int(most*float64(o.minSize))))
	if o.classes != 0 {
		o.source.Options = append(o.source.Options, detect.WithNumClasses(o.classes))
	}
	if o.threads != 0 {
		o.source.Network = append(o.source.Network, backbone.WithThreads(o.threads))
	}
	return detect.Open(ctx, o.source, weights.WithProgressBar(os.Stderr))
}

func run(ctx context.Context, args []string, out io.Writer) error {
	o, files, err := parse(args)
	if err != nil {
		return err
	}
	d, err := o.open(ctx)
	if err != nil {
		return err
	}
	results := []cocoResult{}
	var bad error
	for i, path := range files {
		found, err := o.detectFile(ctx, d, path, out)
		if err != nil && ctx.Err() != nil {
			return err
		}
		if err != nil { // the other images may be fine
			fmt.Fprintln(os.Stderr, "detect:", err)
			bad = errors.New("some images failed")
			continue
		}
		list, err := cocoResults(i, path, found)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		results = append(results, list...)
	}
	if o.json != "" {
		err := weights.SaveFile(o.json, func(w io.Writer) error { return json.NewEncoder(w).Encode(results) })
		if err != nil {
			return err
		}
	}
	return bad
}

func (o *options) detectFile(ctx context.Context, d *detect.Detector, path string, out io.Writer) ([]detect.Detection, error) {
	img, err := transform.Load(path)
	if err != nil {
		return nil, err
	}
	start := time.Now()
	list, err := d.Detect(ctx, []image.Image{img})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if err := printTable(out, path, list[0], time.Since(start)); err != nil {
		return nil, err
	}
	if o.out == "" {
		return list[0], nil
	}
	base := filepath.Base(path)
	name := strings.TrimSuffix(base, filepath.Ext(base)) + ".detected.png"
	return list[0], savePicture(filepath.Join(o.out, name), img, list[0])
}

func printTable(out io.Writer, path string, found []detect.Detection, took time.Duration) error {
	fmt.Fprintf(out, "%s: %d objects (%.0f ms)\n", filepath.Base(path), len(found), took.Seconds()*1e3)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	for _, f := range found {
		fmt.Fprintf(w, "%.1f %%\t%.0f,%.0f\t%.0f,%.0f\t  %s\n", 100*f.Score, f.Box.X1, f.Box.Y1, f.Box.X2, f.Box.Y2, title(f))
	}
	return w.Flush()
}

// title is a detection's name, or its class's number.
func title(f detect.Detection) string {
	if f.Name != "" {
		return f.Name
	}
	return fmt.Sprintf("class %d", f.Label)
}
