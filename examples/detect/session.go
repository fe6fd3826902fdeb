package main

import (
	"context"
	"fmt"
	"image"
	"io"
	"text/tabwriter"
	"time"

	"github.com/vertebra-vision/vertebra/examples/internal/pictures"
	"github.com/vertebra-vision/vertebra/heads/detect"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

// session is a run over the photographs.
type session struct {
	*options
	detector *detect.Detector
	table    io.Writer
	entries  []any // of the JSON: cocoResult and cocoFailure
}

// visit finds a photograph's objects.
func (s *session) visit(ctx context.Context, p *pictures.Picture, img *transform.RGB) error {
	start := time.Now()
	list, err := s.detector.Detect(ctx, []image.Image{img})
	if err != nil {
		return err
	}
	found := list[0]
	if err := printTable(s.table, p.Label, found, time.Since(start)); err != nil {
		return err
	}
	if s.json == "" && s.out == "" {
		return nil
	}
	canvas, entries := copyOf(img), make([]any, len(found))
	for i := len(found) - 1; i >= 0; i-- { // the best on top
		mask, err := paste(found[i].Mask) // one at a time: each is of the image's size
		if err != nil {
			return err
		}
		if entries[i], err = newResult(p, found[i], mask); err != nil {
			return err
		}
		drawDetection(canvas, found[i], mask)
	}
	s.entries = append(s.entries, entries...)
	if s.out == "" {
		return nil
	}
	return savePicture(s.picture(p), canvas)
}

// failed notes a photograph that failed.
func (s *session) failed(p *pictures.Picture, err error) error {
	s.entries = append(s.entries, cocoFailure{ImageID: p.Index, File: p.Name, Error: err.Error()})
	return pictures.PrintFailure(s.table, p, err)
}

// paste lays a mask into its image; nil for none.
func paste(m *detect.Mask) (*ops.Tensor, error) {
	if m == nil {
		return nil, nil
	}
	return m.Paste()
}

func printTable(out io.Writer, label string, found []detect.Detection, took time.Duration) error {
	fmt.Fprintf(out, "%s: %d objects (%.0f ms)\n", label, len(found), took.Seconds()*1e3)
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
