// Command features extracts a photograph's feature maps: it prints each map's
// shape, stride and statistics, and writes the maps and a picture of each.
//
//	go run ./examples/features -out out testdata/images/chelsea.png
//	go run ./examples/features -weights resnet50/IMAGENET1K_V2 -size 800 -out out photo.jpg
package main

import (
	"context"
	"errors"
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
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

func main() {
	cli.Main("features", func(ctx context.Context, args []string) error { return run(ctx, args, os.Stdout) })
}

func run(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("features", flag.ContinueOnError)
	var network cli.Network
	network.Register(fs)
	levels := fs.String("levels", "", "which `LEVELS`, such as C3,C5 (default: all)")
	size := fs.Int("size", 0, "resize the shorter side to so many `PIXELS` and do not crop (default: as for classification)")
	dir := fs.String("out", "", "a `FOLDER` for features.safetensors, an .npy and a .png of each map")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() != 1 {
		fs.Usage()
		return errors.New("name one image")
	}
	c, err := network.Open(ctx)
	if err != nil {
		return err
	}
	if *size != 0 {
		c.Transform.Resize, c.Transform.Crop = *size, 0
	}
	img, err := transform.Load(fs.Arg(0))
	if err != nil {
		return err
	}
	x, err := c.Transform.Apply(img)
	if err != nil {
		return err
	}
	wanted := chosen(*levels, c.Network)
	maps, err := c.Network.Features(ctx, x, wanted...)
	if err != nil {
		return err
	}
	if err := printMaps(out, c.Network, wanted, maps); err != nil || *dir == "" {
		return err
	}
	return save(out, *dir, wanted, maps)
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
	if err := weights.SaveSafetensors(filepath.Join(dir, "features.safetensors"), named, nil); err != nil {
		return err
	}
	fmt.Fprintf(out, "wrote features.safetensors, and an .npy and a .png of each map, to %s\n", dir)
	return nil
}
