// Command features extracts photographs' feature maps: it prints each map's
// shape, stride and statistics, and writes the maps and a picture of each.
//
//	go run ./examples/features -out out testdata/images/chelsea.png
//	go run ./examples/features -weights resnet50/IMAGENET1K_V2 -size 800 -out out photo.jpg
//	go run ./examples/features -out out photographs
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/examples/internal/cli"
	"github.com/vertebra-vision/vertebra/examples/internal/pictures"
	"github.com/vertebra-vision/vertebra/examples/internal/results"
	"github.com/vertebra-vision/vertebra/heads/classify"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

func main() { cli.Main("features", run) }

// program is the command line, and the network that it chooses.
type program struct {
	network    cli.Network
	levels     string
	size       int
	dir        string
	job        pictures.Job
	classifier *classify.Classifier
	wanted     []backbone.Level
	out        io.Writer
}

func parse(ctx context.Context, args []string, out, log io.Writer) (*program, error) {
	fs := flag.NewFlagSet("features", flag.ContinueOnError)
	p := &program{job: pictures.Job{Program: "features", Log: log, Rows: out}, out: out}
	p.network.Register(fs)
	fs.StringVar(&p.levels, "levels", "", "which `LEVELS`, such as C3,C5 (default: all)")
	fs.IntVar(&p.size, "size", 0, "resize the shorter side to so many `PIXELS` and do not crop (default: as for classification)")
	fs.StringVar(&p.dir, "out", "", "a `FOLDER` for features.safetensors, an .npy and a .png of each map; of several images, each gets a folder in it")
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
	if p.classifier, err = p.network.Open(ctx); err != nil {
		return err
	}
	if p.size != 0 {
		p.classifier.Transform.Resize, p.classifier.Transform.Crop = p.size, 0
	}
	p.wanted = chosen(p.levels, p.classifier.Network)
	if err := p.guard(); err != nil {
		return err
	}
	p.job.Visit = func(photo *pictures.Picture, img *transform.RGB) error { return p.extract(ctx, photo, img) }
	p.job.Failed = func(photo *pictures.Picture, err error) error { return pictures.PrintFailure(out, photo, err) }
	return p.job.Run(ctx)
}

// guard keeps the maps from replacing what is read. Which ones there are
// depends on the network.
func (p *program) guard() error {
	for _, level := range p.wanted {
		if _, err := p.classifier.Network.Info(level); err != nil {
			return err
		}
	}
	var g results.Guard
	g.Reads(p.network.Weights)
	g.Reads(pictures.Files(p.job.Pictures)...)
	if p.dir == "" {
		return nil
	}
	for i := range p.job.Pictures {
		for _, file := range files(p.folder(&p.job.Pictures[i]), p.wanted) {
			g.Writes("-out", file)
		}
	}
	if err := g.Check(); err != nil {
		return err
	}
	return os.MkdirAll(p.dir, 0o755) // those in it are made when they are filled
}

// folder is where a photograph's maps go.
func (p *program) folder(photo *pictures.Picture) string {
	if len(p.job.Pictures) == 1 {
		return p.dir
	}
	return filepath.Join(p.dir, photo.Stem)
}

func (p *program) extract(ctx context.Context, photo *pictures.Picture, img *transform.RGB) error {
	x, err := p.classifier.Transform.Apply(img)
	if err != nil {
		return err
	}
	maps, err := p.classifier.Network.Features(ctx, x, p.wanted...)
	if err != nil {
		return err
	}
	if len(p.job.Pictures) > 1 {
		fmt.Fprintln(p.out, photo.Label)
	}
	if err := printMaps(p.out, p.classifier.Network, p.wanted, maps); err != nil || p.dir == "" {
		return err
	}
	return save(p.out, p.folder(photo), p.wanted, maps)
}

func chosen(list string, net *backbone.Network) []backbone.Level {
	if list == "" {
		return net.Levels()
	}
	var levels []backbone.Level
	for _, name := range strings.Split(list, ",") {
		levels = append(levels, backbone.Level(strings.TrimSpace(name)))
	}
	return levels
}

func printMaps(out io.Writer, net *backbone.Network, levels []backbone.Level, maps map[backbone.Level]*ops.Tensor) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "map\tshape\tstride\tmean\tstd\tmin\tmax\tzeros")
	for _, level := range levels {
		info, err := net.Info(level)
		if err != nil {
			return err
		}
		s := statisticsOf(maps[level].Data())
		fmt.Fprintf(w, "%s\t%s\t%d\t%.4f\t%.4f\t%.4f\t%.4f\t%.0f %%\n", level, shape(maps[level]), info.Stride, s.mean, s.std, s.min, s.max, 100*s.zeros)
	}
	return w.Flush()
}

func shape(t *ops.Tensor) string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(t.Shape()), " ", "x"), "[]")
}

type statistics struct{ mean, std, min, max, zeros float64 }

func statisticsOf(data []float32) statistics {
	s := statistics{min: math.Inf(1), max: math.Inf(-1)}
	var squares float64
	for _, f := range data {
		v := float64(f)
		s.mean += v
		squares += v * v
		s.min, s.max = math.Min(s.min, v), math.Max(s.max, v)
		if v == 0 {
			s.zeros++
		}
	}
	n := float64(len(data))
	s.mean /= n
	s.zeros /= n
	s.std = math.Sqrt(math.Max(0, squares/n-s.mean*s.mean))
	return s
}

// all is the file of all maps.
const all = "features.safetensors"

// files are what save writes.
func files(dir string, levels []backbone.Level) []string {
	list := []string{filepath.Join(dir, all)}
	for _, level := range levels {
		list = append(list, filepath.Join(dir, string(level)+".npy"), filepath.Join(dir, string(level)+".png"))
	}
	return list
}

// save writes all maps into one .safetensors, and each as .npy and .png.
func save(out io.Writer, dir string, levels []backbone.Level, maps map[backbone.Level]*ops.Tensor) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	var named []weights.Named
	for _, level := range levels {
		t := maps[level]
		named = append(named, weights.Named{Name: string(level), Tensor: t})
		base := filepath.Join(dir, string(level))
		if err := weights.SaveFile(base+".npy", func(w io.Writer) error { return weights.WriteNPY(w, t) }); err != nil {
			return err
		}
		if err := savePicture(base+".png", t); err != nil {
			return err
		}
	}
	if err := weights.SaveSafetensors(filepath.Join(dir, all), named, nil); err != nil {
		return err
	}
	fmt.Fprintf(out, "wrote %s, and an .npy and a .png of each map, to %s\n", all, dir)
	return nil
}
