package detect

import (
	"image"
	"math"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

// Transform prepares images as torchvision's GeneralizedRCNNTransform: it
// normalises, resizes (bilinear, not antialiased) and pads a batch with zeros
// at the right and the bottom.
type Transform struct {
	// MinSize is what the shorter side becomes, unless the longer one would
	// exceed MaxSize.
	MinSize, MaxSize int
	// Mean and Std normalise R, G and B of 0 to 1: (x - Mean) / Std.
	Mean, Std [3]float32
	// SizeDivisible divides the sides of a batch.
	SizeDivisible int
	// Pillow resizes images as detectron2's ResizeShortestEdge does: with
	// Pillow's filter, to sizes rounded to the nearest pixel. Tensors are
	// resized by bilinear interpolation as ever, to those sizes.
	Pillow bool
	// BGR gives the network blue, green and red, in this order.
	BGR bool
}

// DefaultTransform is torchvision's: 800, 1333, ImageNet's mean and deviation,
// 32.
func DefaultTransform() Transform {
	return Transform{
		MinSize: 800, MaxSize: 1333, SizeDivisible: 32,
		Mean: [3]float32{0.485, 0.456, 0.406}, Std: [3]float32{0.229, 0.224, 0.225},
	}
}

// Detectron2Transform is that of detectron2's R-CNN on ResNet-50 and -101: values
// of 0 to 255 less ImageNet's mean, blue first. Those on ResNeXt-101 divide by
// ImageNet's deviation as well: DefaultTransform's Std. What detectron2 calls a
// deviation of 1 is here one of 1/255.
func Detectron2Transform() Transform {
	t := DefaultTransform()
	t.Pillow, t.BGR = true, true
	t.Std = [3]float32{1.0 / 255, 1.0 / 255, 1.0 / 255}
	return t
}

// maxSide bounds the sides of prepared images.
const maxSide = 1 << 14

// Validate reports sizes and deviations that are not positive, and a MinSize
// above MaxSize. The error wraps ErrConfig.
func (t Transform) Validate() error {
	if t.MinSize < 1 || t.MaxSize < 1 || t.SizeDivisible < 1 || t.MaxSize > maxSide || t.SizeDivisible > maxSide {
		return errors.Wrapf(ErrConfig, "transform: MinSize %d, MaxSize %d, SizeDivisible %d: want 1 to %d", t.MinSize, t.MaxSize, t.SizeDivisible, maxSide)
	}
	if t.MinSize > t.MaxSize {
		return errors.Wrapf(ErrConfig, "transform: MinSize %d is above MaxSize %d: no side of an image can be the shorter and longer than the other", t.MinSize, t.MaxSize)
	}
	for _, v := range t.Std {
		if !(v > 0) {
			return errors.Wrapf(ErrConfig, "transform: Std is %v, want positive numbers", t.Std)
		}
	}
	return nil
}

// size is height and width.
type size struct{ h, w int }

// batch is prepared images with their sizes before and after resizing.
type batch struct {
	x        *ops.Tensor
	original []size
	resized  []size
}

// scale is from the network's pixels of image i to the caller's.
func (b *batch) scale(i int) (sx, sy float32) {
	return float32(b.original[i].w) / float32(b.resized[i].w), float32(b.original[i].h) / float32(b.resized[i].h)
}

// images prepares images of any kind.
func (t Transform) images(images []image.Image) (*batch, error) {
	list, sizes := make([]*ops.Tensor, len(images)), make([]size, len(images))
	for i, img := range images {
		m, err := transform.ToRGB(img)
		if err != nil {
			return nil, errors.WithMessagef(err, "image %d", i)
		}
		from := size{m.Height, m.Width}
		if to := t.resized(from); t.Pillow && to != from && to.h > 0 && to.w > 0 {
			if m, err = transform.Resize(m, to.w, to.h, transform.Bilinear); err != nil {
				return nil, errors.WithMessagef(err, "image %d", i)
			}
		}
		x, err := ops.New(1, 3, m.Height, m.Width)
		if err != nil {
			return nil, errors.WithMessagef(err, "image %d", i)
		}
		plane := m.Height * m.Width
		for ch := range 3 {
			var table [256]float32
			for v := range table {
				table[v] = (float32(v)/255 - t.Mean[ch]) / t.Std[ch]
			}
			out := x.Data()[t.plane(ch)*plane:][:plane]
			for k := range out {
				out[k] = table[m.Pix[3*k+ch]]
			}
		}
		list[i], sizes[i] = x, from
	}
	return t.resizeAndPad(list, sizes)
}

// tensors prepares 3×H×W or 1×3×H×W tensors of 0 to 1.
func (t Transform) tensors(images []*ops.Tensor) (*batch, error) {
	list, sizes := make([]*ops.Tensor, len(images)), make([]size, len(images))
	for i, img := range images {
		if img == nil || img.Rank() < 3 || img.Rank() > 4 || img.Dim(-3) != 3 || img.Rank() == 4 && img.Dim(0) != 1 {
			return nil, errors.Wrapf(ops.ErrShape, "image %d is %v, want 3×H×W or 1×3×H×W", i, img)
		}
		if err := img.CheckFinite(); err != nil {
			return nil, errors.WithMessagef(err, "image %d", i)
		}
		x, err := ops.New(1, 3, img.Dim(-2), img.Dim(-1))
		if err != nil {
			return nil, err
		}
		plane := x.Dim(2) * x.Dim(3)
		for ch := range 3 {
			out := x.Data()[t.plane(ch)*plane:][:plane]
			for k, v := range img.Data()[ch*plane : (ch+1)*plane] {
				out[k] = (v - t.Mean[ch]) / t.Std[ch]
			}
		}
		list[i], sizes[i] = x, size{x.Dim(2), x.Dim(3)}
	}
	return t.resizeAndPad(list, sizes)
}

// plane is where red, green or blue goes.
func (t Transform) plane(channel int) int {
	if t.BGR {
		return 2 - channel
	}
	return channel
}

// resizeAndPad makes one batch of normalised images, given their sizes before
// anything was resized.
func (t Transform) resizeAndPad(images []*ops.Tensor, sizes []size) (*batch, error) {
	if len(images) == 0 {
		return nil, errors.Wrap(ops.ErrShape, "no images")
	}
	b := &batch{}
	var largest size
	for i, x := range images {
		from, to := sizes[i], t.resized(sizes[i])
		if to.h < 1 || to.w < 1 {
			return nil, errors.Wrapf(ops.ErrShape, "image %d of %dx%d would become %dx%d", i, from.w, from.h, to.w, to.h)
		}
		if x.Dim(2) != to.h || x.Dim(3) != to.w {
			var err error
			if images[i], err = ops.Interpolate(x, ops.InterpolateOptions{Mode: ops.Bilinear, Size: [2]int{to.h, to.w}}); err != nil {
				return nil, errors.WithMessagef(err, "image %d", i)
			}
		}
		b.original, b.resized = append(b.original, from), append(b.resized, to)
		largest = size{max(largest.h, to.h), max(largest.w, to.w)}
	}
	var err error
	b.x, err = ops.New(len(images), 3, t.padded(largest.h), t.padded(largest.w))
	if err != nil {
		return nil, err
	}
	for i, x := range images {
		b.place(i, x)
	}
	return b, nil
}

// padded is a side of a batch whose largest image has the given one.
func (t Transform) padded(side int) int {
	return (side + t.SizeDivisible - 1) / t.SizeDivisible * t.SizeDivisible
}

// resized is an image's size after resizing, in torchvision's arithmetic: the
// factor is a float32, and a number over a tensor is the product with the
// tensor's reciprocal. detectron2's is plain.
func (t Transform) resized(s size) size {
	if t.Pillow {
		return t.resizedRounding(s)
	}
	shorter, longer := float32(min(s.h, s.w)), float32(max(s.h, s.w))
	scale := float64(min(float32(t.MinSize)*(1/shorter), float32(t.MaxSize)*(1/longer)))
	return size{int(math.Floor(float64(s.h) * scale)), int(math.Floor(float64(s.w) * scale))}
}

// resizedRounding is detectron2's ResizeShortestEdge.get_output_shape.
func (t Transform) resizedRounding(s size) size {
	scale := float64(t.MinSize) / float64(min(s.h, s.w))
	h, w := scale*float64(s.h), scale*float64(s.w)
	if longer := max(h, w); longer > float64(t.MaxSize) {
		scale := float64(t.MaxSize) / longer
		h, w = h*scale, w*scale
	}
	return size{int(h + 0.5), int(w + 0.5)}
}

// place copies an image into the corner of its place in the batch.
func (b *batch) place(i int, x *ops.Tensor) {
	h, w := x.Dim(2), x.Dim(3)
	height, width := b.x.Dim(2), b.x.Dim(3)
	for ch := range 3 {
		for y := range h {
			at := ((i*3+ch)*height + y) * width
			copy(b.x.Data()[at:at+w], x.Data()[(ch*h+y)*w:(ch*h+y+1)*w])
		}
	}
}
