package video

import (
	"context"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/heads/segment"
)

// Segmenter is a Model that gives every pixel a class. It is safe for
// concurrent use.
type Segmenter struct{ seg *segment.Segmenter }

// Segment makes a model of a segmentation network.
func Segment(s *segment.Segmenter) (*Segmenter, error) {
	if s == nil {
		return nil, errors.Wrap(ErrConfig, "the segmenter is nil")
	}
	return &Segmenter{s}, nil
}

// Run implements Model. Frames are computed one after the other: the label map
// has each frame's own size.
func (s *Segmenter) Run(ctx context.Context, batch []*Frame) ([]*Result, error) {
	results := make([]*Result, len(batch))
	for i, f := range batch {
		img, err := f.RGB()
		if err != nil {
			return nil, err
		}
		m, err := s.seg.Segment(ctx, img)
		if err != nil {
			return nil, err
		}
		results[i] = resultOf(f)
		results[i].Labels = m.Labels
		results[i].Segmentation = &Segmentation{Width: m.Rect.Dx(), Height: m.Rect.Dy(), Labels: m.Pix, Names: m.Labels}
	}
	return results, nil
}
