package classify

import (
	"context"
	"image"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

// TenCrop classifies an image by the mean of the logits of ten views: the four
// corners and the centre, and their mirror images (torchvision's TenCrop; the
// paper's §4.1 and Table 4). Transform needs a Crop.
func (c *Classifier) TenCrop(ctx context.Context, k int, img image.Image) ([]Prediction, error) {
	size := c.Transform.Crop
	if size <= 0 {
		return nil, errors.Wrap(backbone.ErrConfig, "TenCrop needs a Transform with a Crop")
	}
	whole := c.Transform
	whole.Crop = 0
	m, err := whole.Pixels(img)
	if err != nil {
		return nil, err
	}
	if m.Width < size || m.Height < size {
		return nil, errors.Wrapf(transform.ErrImage, "%dx%d after resizing: TenCrop needs %dx%d", m.Width, m.Height, size, size)
	}
	right, bottom := m.Width-size, m.Height-size
	corners := []image.Point{{0, 0}, {right, 0}, {0, bottom}, {right, bottom}, {round(right), round(bottom)}}
	var views []image.Image
	for _, p := range corners {
		views = append(views, cut(m, p, size))
	}
	for _, v := range views[:len(corners):len(corners)] {
		views = append(views, mirror(v.(*transform.RGB)))
	}
	plain := transform.Classification{Mean: c.Transform.Mean, Std: c.Transform.Std}
	x, err := plain.ApplyBatch(views...)
	if err != nil {
		return nil, err
	}
	logits, err := c.forward(ctx, x)
	if err != nil {
		return nil, err
	}
	return c.best(k, logits)
}

// round is half of n, to even as Python rounds.
func round(n int) int {
	if n%4 == 3 {
		return n/2 + 1
	}
	return n / 2
}

// PaperScales are the shorter sides of the paper's multi-scale test (§3.4).
var PaperScales = []int{224, 256, 384, 480, 640}

// MultiScale classifies an image by the mean of the logits over whole images,
// uncropped, at several sizes of the shorter side: the paper's
// fully-convolutional testing (§3.4). The classifier is applied to the mean of
// the last map, which for its linear layer is the mean of the scores at every
// place.
func (c *Classifier) MultiScale(ctx context.Context, k int, img image.Image, scales ...int) ([]Prediction, error) {
	if len(scales) == 0 {
		scales = PaperScales
	}
	var all []*ops.Tensor
	for _, size := range scales {
		tf := c.Transform
		tf.Resize, tf.Crop = size, 0
		x, err := tf.Apply(img)
		if err != nil {
			return nil, err
		}
		logits, err := c.forward(ctx, x)
		if err != nil {
			return nil, err
		}
		all = append(all, logits)
	}
	mean, err := average(all)
	if err != nil {
		return nil, err
	}
	return c.best(k, mean)
}

// best averages the rows of logits and returns the k likeliest classes.
func (c *Classifier) best(k int, logits *ops.Tensor) ([]Prediction, error) {
	classes := logits.Dim(1)
	mean, err := ops.New(1, classes)
	if err != nil {
		return nil, err
	}
	for i, v := range logits.Data() {
		mean.Data()[i%classes] += v / float32(logits.Dim(0))
	}
	rows, err := TopK(mean, k, c.Labels)
	if err != nil {
		return nil, err
	}
	return rows[0], nil
}

func cut(m *transform.RGB, at image.Point, size int) *transform.RGB {
	out := &transform.RGB{Width: size, Height: size, Pix: make([]uint8, 3*size*size)}
	for y := range size {
		copy(out.Row(y), m.Row(at.Y + y)[3*at.X:])
	}
	return out
}

func mirror(m *transform.RGB) *transform.RGB {
	out := &transform.RGB{Width: m.Width, Height: m.Height, Pix: make([]uint8, len(m.Pix))}
	for y := range m.Height {
		from, to := m.Row(y), out.Row(y)
		for x := range m.Width {
			copy(to[3*x:3*x+3], from[3*(m.Width-1-x):])
		}
	}
	return out
}
