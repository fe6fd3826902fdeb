package detect

import (
	"context"
	"image"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

// Prepare does to an image what Detect does to it first, straight from the
// bytes that decoders of video give and in one pass: 1×3×H×W, whose sides
// Transform.SizeDivisible divides. Tensors of the same shape may be joined to a
// batch for DetectPrepared. Errors wrap transform.ErrImage or ops.ErrShape.
func (d *Detector) Prepare(b transform.Bytes) (*ops.Tensor, error) {
	t := d.settings.transform
	from := size{b.Height, b.Width}
	if from.h < 1 || from.w < 1 {
		return nil, errors.Wrapf(transform.ErrImage, "%dx%d pixels", b.Width, b.Height)
	}
	to := t.resized(from)
	if to.h < 1 || to.w < 1 {
		return nil, errors.Wrapf(ops.ErrShape, "an image of %dx%d would become %dx%d", from.w, from.h, to.w, to.h)
	}
	if t.Pillow || t.BGR {
		return t.prepare(b)
	}
	x, err := ops.New(1, 3, t.padded(to.h), t.padded(to.w))
	if err != nil {
		return nil, err
	}
	return x, b.Interpolate(x, to.w, to.h, t.Mean, t.Std)
}

// prepare is the way of images of any kind, for transforms that resize as
// Pillow does or change the order of colours.
func (t Transform) prepare(b transform.Bytes) (*ops.Tensor, error) {
	m, err := b.RGB()
	if err != nil {
		return nil, err
	}
	all, err := t.images([]image.Image{m})
	if err != nil {
		return nil, err
	}
	return all.x, nil
}

// DetectPrepared is Detect for a batch of what Prepare gave: x is N×3×H×W, and
// sizes are the widths and heights that the images had before. NaN and
// infinities are refused as in DetectTensors.
func (d *Detector) DetectPrepared(ctx context.Context, x *ops.Tensor, sizes []image.Point) ([][]Detection, error) {
	if x == nil || x.Rank() != 4 || x.Dim(1) != 3 || x.Dim(0) != len(sizes) {
		return nil, errors.Wrapf(ops.ErrShape, "the batch is %v, want N×3×H×W for %d images", x, len(sizes))
	}
	t := d.settings.transform
	b := &batch{x: x}
	for i, p := range sizes {
		from := size{p.Y, p.X}
		if from.h < 1 || from.w < 1 {
			return nil, errors.Wrapf(ops.ErrShape, "image %d is of %dx%d pixels", i, p.X, p.Y)
		}
		to := t.resized(from)
		if t.padded(to.h) != x.Dim(2) || t.padded(to.w) != x.Dim(3) {
			return nil, errors.Wrapf(ops.ErrShape, "image %d of %dx%d is %dx%d once prepared, the batch %v", i, p.X, p.Y, t.padded(to.w), t.padded(to.h), x)
		}
		b.original, b.resized = append(b.original, from), append(b.resized, to)
	}
	return d.detect(ctx, b)
}
