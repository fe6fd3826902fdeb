// Command detect finds the objects in photographs: it prints a table, and
// writes pictures with the boxes and COCO's JSON.
//
//	go run ./examples/detect -weights fasterrcnn_resnet50_fpn/COCO_V1 photo.jpg
//	go run ./examples/detect -model retinanet_resnet50_fpn -weights file.pth -out . photo.jpg
//	go run ./examples/detect -model maskrcnn_resnet50_fpn -json found.json *.jpg
package main

import (
	"context"
	"flag"
	"io"
	"path/filepath"
	"strings"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/examples/internal/cli"
	"github.com/vertebra-vision/vertebra/examples/internal/pictures"
	"github.com/vertebra-vision/vertebra/examples/internal/results"
	"github.com/vertebra-vision/vertebra/heads/detect"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

func main() { cli.Main("detect", run) }

// options are the command line.
type options struct {
	source    detect.Source
	threshold float64
	classes   int
	threads   int
	minSize   int
	out, json string
}

func parse(args []string, out io.Writer, job *pictures.Job) (*options, []string, error) {
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
	job.Register(fs)
	if err := cli.Parse(fs, args, out, "[flags] "+pictures.Synopsis); err != nil {
		return nil, nil, err
	}
	if o.source.Model == "" && o.source.Weights == "" {
		o.source.Model = "fasterrcnn_resnet50_fpn"
	}
	return o, fs.Args(), nil
}

// open makes the detector.
func (o *options) open(ctx context.Context, log io.Writer) (*detect.Detector, error) {
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
	return detect.Open(ctx, o.source, weights.WithProgressBar(log))
}

func run(ctx context.Context, args []string, out, log io.Writer) error {
	var job pictures.Job
	o, names, err := parse(args, out, &job)
	if err != nil {
		return err
	}
	if job.Pictures, err = pictures.Find(ctx, names); err != nil {
		return err
	}
	if err := o.guard(job.Pictures); err != nil {
		return err
	}
	d, err := o.open(ctx, log)
	if err != nil {
		return err
	}
	s := session{options: o, detector: d, table: out, entries: []any{}}
	job.Program, job.Log, job.Rows = "detect", log, out
	job.Visit = func(p *pictures.Picture, img *transform.RGB) error { return s.visit(ctx, p, img) }
	job.Failed = s.failed
	err = job.Run(ctx)
	if e := s.saveJSON(); err == nil { // what there is, after Ctrl-C too
		err = e
	}
	return err
}

// guard keeps the results from replacing what is read.
func (o *options) guard(list []pictures.Picture) error {
	var g results.Guard
	g.Reads(o.source.Weights)
	g.Reads(pictures.Files(list)...)
	if o.json != "" {
		g.Writes("-json", o.json)
	}
	if o.out != "" {
		for i := range list {
			g.Writes("-out", o.picture(&list[i]))
		}
	}
	return g.Prepare()
}

// picture is where a photograph goes with its boxes.
func (o *options) picture(p *pictures.Picture) string {
	return filepath.Join(o.out, p.Stem+".detected.png")
}
