package video

import (
	"context"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/heads/segment"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

// Segmenter is a Model that gives every pixel a class. It is safe for
// concurrent use.
type Segmenter struct {
	seg   *segment.Segmenter
	fused *transform.Fused
}

// Segment makes a model of a segmentation network, with the Transform that it
// has now.
func Segment(s *segment.Segmenter) (*Segmenter, error) {
	if s == nil {
		return nil, errors.Wrap(ErrConfig, "the segmenter is nil")
	}
	fused, err := transform.NewFused(s.Transform)
	if err != nil {
		return nil, err
	}
	return &Segmenter{s, fused}, nil
}

// Prepare implements Preparer: resizing and normalising go from the frame's
// bytes straight to the network's input.
func (s *Segmenter) Prepare(_ context.Context, f *Frame) (*ops.Tensor, error) {
	return s.fused.Apply(f.bytes())
}

// Run implements Model. Each frame's labels are of its own size: frames of the
// same size are computed together, others one after the other.
func (s *Segmenter) Run(ctx context.Context, batch []*Frame) ([]*Result, error) {
	results := make([]*Result, 0, len(batch))
	for len(batch) > 0 {
		n := 1
		for n < len(batch) && batch[n].Bounds() == batch[0].Bounds() {
			n++
		}
		x, err := inputOf(ctx, batch[:n], s)
		if err != nil {
			return nil, err
		}
		maps, err := s.seg.ClassifyTo(ctx, x, batch[0].Width, batch[0].Height)
		if err != nil {
			return nil, ofFrame(err, batch)
		}
		for i, m := range maps {
			r := resultOf(batch[i])
			r.Labels = m.Labels
			r.Segmentation = &Segmentation{Width: m.Rect.Dx(), Height: m.Rect.Dy(), Labels: m.Pix, Names: m.Labels}
			results = append(results, r)
		}
		batch = batch[n:]
	}
	return results, nil
}
