// Command embed makes vectors of images and finds the nearest neighbours of
// each.
//
//	go run ./examples/embed testdata/images
//	go run ./examples/embed -model resnet50 photographs
//	go run ./examples/embed -probe -limit 500 cifar10/train.tar.gz
//
// It writes the vectors, and a picture with some images and their neighbours.
// With -probe it instead fits a linear classifier on the vectors, of images that
// lie as CLASS/IMAGE, and tells how good it is on every fifth one, held out.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"io"
	"path/filepath"
	"slices"
	"text/tabwriter"

	"github.com/vertebra-vision/vertebra/examples/internal/cli"
	"github.com/vertebra-vision/vertebra/examples/internal/pictures"
	"github.com/vertebra-vision/vertebra/examples/internal/results"
	"github.com/vertebra-vision/vertebra/heads/classify"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

func main() { cli.Main("embed", run) }

// options are the command line.
type options struct {
	network    cli.Network
	pooling    string
	neighbours int
	limit      int
	probe      bool
	folder     string
	job        pictures.Job
}

func parse(ctx context.Context, args []string, out, log io.Writer) (*options, error) {
	fs := flag.NewFlagSet("embed", flag.ContinueOnError)
	o := &options{job: pictures.Job{Program: "embed", Log: log}}
	o.network.Register(fs)
	fs.StringVar(&o.pooling, "pooling", string(classify.GlobalAverage), "average or gem")
	fs.IntVar(&o.neighbours, "neighbours", 3, "how many to find for each image")
	fs.IntVar(&o.limit, "limit", 0, "the most images to take from a folder (default: all)")
	fs.BoolVar(&o.probe, "probe", false, "fit a linear classifier of the folders' names")
	fs.StringVar(&o.folder, "out", "out", "the `FOLDER` for results")
	o.job.Register(fs)
	if err := cli.Parse(fs, args, out, "[flags] "+pictures.Synopsis); err != nil {
		return nil, err
	}
	if o.neighbours < 1 || o.limit < 0 {
		return nil, cli.Usagef("-neighbours must be 1 or more, and -limit 0 or more")
	}
	if p := classify.Pooling(o.pooling); p != classify.GlobalAverage && p != classify.GeM {
		return nil, cli.Usagef("unknown pooling %q, want %s or %s", p, classify.GlobalAverage, classify.GeM)
	}
	found, err := pictures.Find(ctx, fs.Args())
	if err != nil {
		return nil, err
	}
	o.job.Pictures = limited(found, o.limit)
	if n := len(o.job.Pictures); n < 2 {
		return nil, fmt.Errorf("there is %d picture in %s, want at least 2", n, fs.Arg(0))
	}
	return o, nil
}

// limited takes the first n pictures of each folder, or all.
func limited(list []pictures.Picture, n int) []pictures.Picture {
	taken := map[string]int{}
	return slices.DeleteFunc(list, func(p pictures.Picture) bool {
		taken[p.Class]++
		return n > 0 && taken[p.Class] > n
	})
}

func run(ctx context.Context, args []string, out, log io.Writer) error {
	o, err := parse(ctx, args, out, log)
	if err != nil {
		return err
	}
	if err := o.guard(); err != nil {
		return err
	}
	c, err := o.network.Open(ctx)
	if err != nil {
		return err
	}
	set := collection{out: out}
	e := classify.Embedder{Network: c.Network, Pooling: classify.Pooling(o.pooling), Normalise: true}
	o.job.Visit = func(p *pictures.Picture, img *transform.RGB) error { return set.embed(ctx, p, img, c, &e) }
	o.job.Failed = set.fail
	err = o.job.Run(ctx)
	if len(set.labels) > 0 { // what there is, after Ctrl-C too
		if e := set.save(o.vectors()); e != nil {
			return e
		}
		fmt.Fprintf(out, "%d images, vectors of %d numbers, written to %s\n", len(set.labels), set.width, o.vectors())
	}
	if ctx.Err() != nil {
		return err
	}
	if e := set.study(ctx, o); e != nil && err == nil {
		err = e
	}
	return err
}

// vectors and sheet are the files of the results.
func (o *options) vectors() string { return filepath.Join(o.folder, "embeddings.safetensors") }
func (o *options) sheet() string   { return filepath.Join(o.folder, "neighbours.png") }

// guard keeps the results from replacing what is read.
func (o *options) guard() error {
	var g results.Guard
	g.Reads(o.network.Weights)
	g.Reads(pictures.Files(o.job.Pictures)...)
	g.Writes("-out", o.vectors())
	if !o.probe {
		g.Writes("-out", o.sheet())
	}
	return g.Prepare()
}

// study does with the vectors what they were made for.
func (s *collection) study(ctx context.Context, o *options) error {
	switch {
	case len(s.labels) < 2:
		return fmt.Errorf("%d images were read, want at least 2", len(s.labels))
	case o.probe:
		return s.probe(ctx)
	}
	nearest := s.nearest(o.neighbours)
	if err := s.print(nearest); err != nil {
		return err
	}
	if err := saveSheet(o.sheet(), s, nearest); err != nil {
		return err
	}
	_, err := fmt.Fprintln(s.out, "wrote", o.sheet())
	return err
}

// collection is images with their vectors.
type collection struct {
	out                    io.Writer
	names, labels, classes []string
	thumbnails             []image.Image
	vectors                []float32 // a row each
	width                  int
	failures               []pictures.Failure
}

// embed makes an image's vector.
func (s *collection) embed(ctx context.Context, p *pictures.Picture, img *transform.RGB, c *classify.Classifier, e *classify.Embedder) error {
	x, err := c.Transform.Apply(img)
	if err != nil {
		return err
	}
	v, err := e.Embed(ctx, x)
	if err != nil {
		return err
	}
	s.names, s.labels, s.classes = append(s.names, p.Name), append(s.labels, p.Label), append(s.classes, p.Class)
	s.vectors, s.width = append(s.vectors, v.Data()...), v.Dim(1)
	if len(s.thumbnails) < maxSheet {
		s.thumbnails = append(s.thumbnails, thumbnail(img))
	}
	return nil
}

func (s *collection) fail(p *pictures.Picture, err error) error {
	s.failures = append(s.failures, p.Failure(err))
	return pictures.PrintFailure(s.out, p, err)
}

func (s *collection) row(i int) []float32 { return s.vectors[i*s.width : (i+1)*s.width] }

// save writes the vectors as one tensor, and the images' names beside it, with
// those that failed.
func (s *collection) save(path string) error {
	t, err := ops.FromSlice(s.vectors, len(s.names), s.width)
	if err != nil {
		return err
	}
	metadata := map[string]string{}
	for key, list := range map[string]any{"names": s.names, "failed": s.failures} {
		if key == "failed" && len(s.failures) == 0 {
			continue
		}
		text, err := json.Marshal(list)
		if err != nil {
			return err
		}
		metadata[key] = string(text)
	}
	return weights.SaveSafetensors(path, []weights.Named{{Name: "embeddings", Tensor: t}}, metadata)
}

func (s *collection) print(nearest [][]neighbour) error {
	w := tabwriter.NewWriter(s.out, 0, 0, 2, ' ', 0)
	for i, list := range nearest {
		fmt.Fprintf(w, "%s", s.labels[i])
		for _, n := range list {
			fmt.Fprintf(w, "\t%.3f %s", n.cosine, s.labels[n.index])
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}
