package transform

import (
	"image"
	"sync"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/ops"
)

// Bytes is an image as decoders of video give it: three bytes a pixel, rows of
// Stride bytes.
type Bytes struct {
	Pix                   []uint8
	Width, Height, Stride int
	// BGR is OpenCV's order; otherwise it is RGB.
	BGR bool
}

func (b Bytes) check() error {
	if err := checkSize(b.Width, b.Height); err != nil {
		return err
	}
	if b.Stride < 3*b.Width || len(b.Pix) < 3*b.Width || (len(b.Pix)-3*b.Width)/b.Stride < b.Height-1 {
		return errors.Wrapf(ErrImage, "%d bytes in rows of %d are too few for %dx%d pixels", len(b.Pix), b.Stride, b.Width, b.Height)
	}
	return nil
}

// RGB copies the image. The error wraps ErrImage.
func (b Bytes) RGB() (*RGB, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	m, err := NewRGB(b.Width, b.Height)
	if err != nil {
		return nil, err
	}
	for y := range b.Height {
		row := m.Pix[3*y*b.Width:][:3*b.Width]
		copy(row, b.Pix[y*b.Stride:])
		if b.BGR {
			for i := 0; i < len(row); i += 3 {
				row[i], row[i+2] = row[i+2], row[i]
			}
		}
	}
	return m, nil
}

// Fused is a Classification that goes from bytes straight to a network's
// input: it resizes only what the crop keeps, in the passes that it needs
// anyway swaps the channels, and normalises what the last pass computes. The
// result is that of Classification.Apply, to the bit. ApplyFile goes there from a
// file, and of a JPEG decodes only what the crop keeps. It is safe for concurrent
// use.
type Fused struct {
	c      Classification
	tables [3][256]float32

	mu    sync.Mutex
	plans map[image.Point]*fusedPlan // by the image's size
}

// maxFusedPlans bounds the sizes of images that a Fused remembers.
const maxFusedPlans = 16

// NewFused prepares a preprocessing. The error wraps ErrImage.
func NewFused(c Classification) (*Fused, error) {
	if c.Interpolation == "" {
		c.Interpolation = Bilinear
	}
	if _, ok := filters[c.Interpolation]; !ok && c.Interpolation != Nearest {
		return nil, errors.Wrapf(ErrImage, "interpolation %q, want %q, %q or %q", c.Interpolation, Bilinear, Bicubic, Nearest)
	}
	if c.Resize < 0 || c.Crop < 0 {
		return nil, errors.Wrapf(ErrImage, "resize %d and crop %d: want none negative", c.Resize, c.Crop)
	}
	return &Fused{c: c, tables: c.tables(), plans: map[image.Point]*fusedPlan{}}, nil
}

// Apply turns an image into a 1×3×H×W tensor. Errors wrap ErrImage.
func (f *Fused) Apply(b Bytes) (*ops.Tensor, error) {
	if err := b.check(); err != nil {
		return nil, err
	}
	p, err := f.plan(b.Width, b.Height)
	if err != nil {
		return nil, err
	}
	x, err := ops.New(1, 3, p.outHeight, p.outWidth)
	if err != nil {
		return nil, err
	}
	p.run(x.Data(), b, &f.tables)
	return x, nil
}

// plan is what an image of a size needs, remembered.
func (f *Fused) plan(width, height int) (*fusedPlan, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	size := image.Pt(width, height)
	if p, ok := f.plans[size]; ok {
		return p, nil
	}
	p, err := f.c.fusedPlan(width, height)
	if err != nil {
		return nil, err
	}
	if len(f.plans) >= maxFusedPlans {
		clear(f.plans)
	}
	f.plans[size] = p
	return p, nil
}
