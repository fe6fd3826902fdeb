package video

import (
	"image"
	"image/color"
	"sync/atomic"
	"time"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

// Order is the order of a pixel's three bytes.
type Order uint8

const (
	// RGB is what Go's decoders give.
	RGB Order = iota
	// BGR is what OpenCV gives.
	BGR
)

// Frame is one picture of a source: 8-bit pixels of three channels with its
// number and time. Its memory belongs to the source until Close.
type Frame struct {
	// Source is the name of the pipeline's input.
	Source string
	// Index numbers the source's frames from 0, those that were skipped or
	// dropped included: a gap tells that frames are missing.
	Index int64
	// PTS is the presentation time since the source's start.
	PTS time.Duration
	// Captured is when the frame was read.
	Captured time.Time
	// Rate is the source's nominal frames per second; 0 if it is unknown.
	Rate float64
	// Width and Height are in pixels, Stride in bytes from row to row.
	Width, Height, Stride int
	// Origin is where a region of interest begins in the source's picture.
	Origin image.Point
	// Order is RGB or BGR.
	Order Order
	// Pix holds the rows: the pixel (x, y) begins at y·Stride + 3·x.
	Pix []uint8
	// Input is what a [Preparer] made of the pixels: 1×C×H×W.
	Input *ops.Tensor

	release func()
	closed  atomic.Bool
}

// NewFrame wraps pixels without copying them. release, which may be nil, is
// called once, by Close. The error wraps ErrFrame.
func NewFrame(width, height, stride int, order Order, pix []uint8, release func()) (*Frame, error) {
	switch {
	case width <= 0 || height <= 0 || width > transform.MaxPixels/height:
		return nil, errors.Wrapf(ErrFrame, "%dx%d pixels", width, height)
	case stride < 3*width:
		return nil, errors.Wrapf(ErrFrame, "rows of %d bytes cannot hold %d pixels", stride, width)
	case len(pix) < 3*width || (len(pix)-3*width)/stride < height-1:
		return nil, errors.Wrapf(ErrFrame, "%d bytes are too few for %dx%d pixels with rows of %d bytes", len(pix), width, height, stride)
	case order > BGR:
		return nil, errors.Wrapf(ErrFrame, "pixel order %d, want RGB or BGR", order)
	}
	return &Frame{Width: width, Height: height, Stride: stride, Order: order, Pix: pix, release: release}, nil
}

// FromImage makes a frame of an image, whose pixels it copies unless they are
// 8-bit RGB already.
func FromImage(img image.Image) (*Frame, error) {
	m, err := transform.ToRGB(img)
	if err != nil {
		return nil, errors.Wrap(ErrFrame, err.Error())
	}
	return NewFrame(m.Width, m.Height, 3*m.Width, RGB, m.Pix, nil)
}

// Close gives the pixels back to the source. Later calls do nothing.
func (f *Frame) Close() {
	if f == nil || f.closed.Swap(true) {
		return
	}
	f.Pix, f.Input = nil, nil
	if f.release != nil {
		f.release()
	}
}

// Clone copies the frame, with memory of its own.
func (f *Frame) Clone() *Frame {
	c := f.bare()
	c.Stride = 3 * f.Width
	c.Pix = make([]uint8, c.Stride*f.Height)
	for y := range f.Height {
		copy(c.Pix[y*c.Stride:], f.Row(y))
	}
	return c
}

// bare copies everything but the pixels.
func (f *Frame) bare() *Frame {
	return &Frame{
		Source: f.Source, Index: f.Index, PTS: f.PTS, Captured: f.Captured, Rate: f.Rate,
		Width: f.Width, Height: f.Height, Stride: f.Stride, Origin: f.Origin, Order: f.Order,
	}
}

// Row is the pixels of row y, shared.
func (f *Frame) Row(y int) []uint8 { return f.Pix[y*f.Stride:][:3*f.Width] }

// crop narrows the frame to a rectangle, without copying.
func (f *Frame) crop(r image.Rectangle) error {
	if r.Empty() || !r.In(image.Rect(0, 0, f.Width, f.Height)) {
		return errors.Wrapf(ErrFrame, "the region %v is not inside the frame of %dx%d", r, f.Width, f.Height)
	}
	f.Pix = f.Pix[r.Min.Y*f.Stride+3*r.Min.X:]
	f.Origin = f.Origin.Add(r.Min)
	f.Width, f.Height = r.Dx(), r.Dy()
	return nil
}

// ColorModel implements image.Image.
func (f *Frame) ColorModel() color.Model { return color.RGBAModel }

// Bounds implements image.Image.
func (f *Frame) Bounds() image.Rectangle { return image.Rect(0, 0, f.Width, f.Height) }

// At implements image.Image; outside the frame it is black.
func (f *Frame) At(x, y int) color.Color {
	if !image.Pt(x, y).In(f.Bounds()) {
		return color.RGBA{A: 255}
	}
	p := f.Pix[y*f.Stride+3*x:]
	if f.Order == BGR {
		return color.RGBA{p[2], p[1], p[0], 255}
	}
	return color.RGBA{p[0], p[1], p[2], 255}
}

// Set implements draw.Image. Alpha is dropped; outside the frame it does
// nothing.
func (f *Frame) Set(x, y int, c color.Color) {
	if !image.Pt(x, y).In(f.Bounds()) {
		return
	}
	r, g, b, _ := c.RGBA()
	f.put(x, y, [3]uint8{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8)})
}

// put writes a pixel that is inside.
func (f *Frame) put(x, y int, rgb [3]uint8) {
	p := f.Pix[y*f.Stride+3*x:][:3]
	if f.Order == BGR {
		p[0], p[1], p[2] = rgb[2], rgb[1], rgb[0]
	} else {
		p[0], p[1], p[2] = rgb[0], rgb[1], rgb[2]
	}
}

// bytes are the pixels as package transform takes them, shared.
func (f *Frame) bytes() transform.Bytes {
	return transform.Bytes{Pix: f.Pix, Width: f.Width, Height: f.Height, Stride: f.Stride, BGR: f.Order == BGR}
}

// RGB copies the pixels into an image of package transform, which encoders and
// heads take.
func (f *Frame) RGB() (*transform.RGB, error) {
	m, err := f.bytes().RGB()
	if err != nil {
		return nil, errors.Wrap(ErrFrame, err.Error())
	}
	return m, nil
}

// rgba copies the pixels into an image that image/jpeg encodes fast.
func (f *Frame) rgba(dst *image.RGBA) *image.RGBA {
	if dst == nil || dst.Rect != f.Bounds() {
		dst = image.NewRGBA(f.Bounds())
	}
	r, b := 0, 2
	if f.Order == BGR {
		r, b = 2, 0
	}
	for y := range f.Height {
		in, out := f.Row(y), dst.Pix[y*dst.Stride:][:4*f.Width]
		for i, o := 0, 0; i+2 < len(in); i, o = i+3, o+4 {
			out[o], out[o+1], out[o+2], out[o+3] = in[i+r], in[i+1], in[i+b], 255
		}
	}
	return dst
}
