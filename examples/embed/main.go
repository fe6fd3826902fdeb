// Command embed makes vectors of the images of a folder and finds the nearest
// neighbours of each.
//
//	go run ./examples/embed testdata/images
//	go run ./examples/embed -model resnet50 photographs
//	go run ./examples/embed -probe -limit 500 cifar10/train.tar.gz
//
// It writes the vectors, and a picture with some images and their neighbours.
// With -probe it also fits a linear classifier on the vectors, of images that
// lie as CLASS/IMAGE, and tells how good it is on every fifth one, held out.
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
	"text/tabwriter"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"

	"github.com/vertebra-vision/vertebra/examples/internal/cli"
	"github.com/vertebra-vision/vertebra/examples/internal/labelled"
	"github.com/vertebra-vision/vertebra/heads/classify"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

func main() {
	cli.Main("embed", func(ctx context.Context, args []string) error { return run(ctx, args, os.Stdout, os.Stderr) })
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	fs := flag.NewFlagSet("embed", flag.ContinueOnError)
	var network cli.Network
	network.Register(fs)
	pooling := fs.String("pooling", string(classify.GlobalAverage), "average or gem")
	neighbours := fs.Int("neighbours", 3, "how many to find for each image")
	limit := fs.Int("limit", 0, "the most images to take from a folder (default: all)")
	probe := fs.Bool("probe", false, "fit a linear classifier of the folders' names")
	folder := fs.String("out", "out", "the `FOLDER` for results")
	if err := fs.Parse(args); err != nil {
		return err
	}
	if fs.NArg() != 1 || *neighbours < 1 || *limit < 0 {
		fs.Usage()
		return errors.New("name one folder or .tar.gz of images; -neighbours must be 1 or more")
	}
	c, err := network.Open(ctx)
	if err != nil {
		return err
	}
	e := classify.Embedder{Network: c.Network, Pooling: classify.Pooling(*pooling), Normalise: true}
	set, err := embed(ctx, fs.Arg(0), c, &e, *limit, newBar(progress))
	if err != nil {
		return err
	}
	if err := os.MkdirAll(*folder, 0o755); err != nil {
		return err
	}
	if err := set.save(filepath.Join(*folder, "embeddings.safetensors")); err != nil {
		return err
	}
	fmt.Fprintf(out, "%d images, vectors of %d numbers, written to %s\n", len(set.names), set.width, filepath.Join(*folder, "embeddings.safetensors"))
	if *probe {
		return set.probe(ctx, out)
	}
	nearest := set.nearest(*neighbours)
	if err := set.print(out, nearest); err != nil {
		return err
	}
	sheet := filepath.Join(*folder, "neighbours.png")
	if err := saveSheet(sheet, set, nearest); err != nil {
		return err
	}
	fmt.Fprintln(out, "wrote", sheet)
	return nil
}

// collection is images with their vectors.
type collection struct {
	names, classes []string
	thumbnails     []image.Image
	vectors        []float32 // a row each
	width          int
}

// embed reads images and makes their vectors.
func embed(ctx context.Context, data string, c *classify.Classifier, e *classify.Embedder, limit int, bar *progressbar.ProgressBar) (*collection, error) {
	set, taken := &collection{}, map[string]int{}
	err := labelled.Each(data, func(i labelled.Image) error {
		if taken[i.Class]++; limit > 0 && taken[i.Class] > limit {
			return ctx.Err()
		}
		x, err := c.Transform.Apply(i.Pixels)
		if err != nil {
			return fmt.Errorf("%s: %w", i.Name, err)
		}
		v, err := e.Embed(ctx, x)
		if err != nil {
			return err
		}
		set.names, set.classes = append(set.names, i.Name), append(set.classes, i.Class)
		set.vectors, set.width = append(set.vectors, v.Data()...), v.Dim(1)
		if len(set.thumbnails) < maxSheet {
			set.thumbnails = append(set.thumbnails, thumbnail(i.Pixels))
		}
		_ = bar.Add(1)
		return nil
	})
	_ = bar.Finish()
	if err != nil {
		return nil, err
	}
	if len(set.names) < 2 {
		return nil, fmt.Errorf("%s has %d images, want at least 2", data, len(set.names))
	}
	return set, nil
}

func (s *collection) row(i int) []float32 { return s.vectors[i*s.width : (i+1)*s.width] }

// save writes the vectors as one tensor, and the images' names beside it.
func (s *collection) save(path string) error {
	t, err := ops.FromSlice(s.vectors, len(s.names), s.width)
	if err != nil {
		return err
	}
	names, err := json.Marshal(s.names)
	if err != nil {
		return err
	}
	return weights.SaveSafetensors(path, []weights.Named{{Name: "embeddings", Tensor: t}}, map[string]string{"names": string(names)})
}

func (s *collection) print(out io.Writer, nearest [][]neighbour) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for i, list := range nearest[:min(len(nearest), maxSheet)] {
		fmt.Fprintf(w, "%s", filepath.Base(s.names[i]))
		for _, n := range list {
			fmt.Fprintf(w, "\t%.3f %s", n.cosine, filepath.Base(s.names[n.index]))
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

// newBar counts images on a terminal, and does nothing elsewhere.
func newBar(w io.Writer) *progressbar.ProgressBar {
	f, ok := w.(*os.File)
	visible := ok && term.IsTerminal(int(f.Fd()))
	return progressbar.NewOptions(-1, progressbar.OptionSetWriter(w), progressbar.OptionSetVisibility(visible),
		progressbar.OptionSetDescription("embedding"), progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionClearOnFinish())
}
