// Package pixel owns 8-bit RGB images: what decoding gives and what resizing,
// cropping and conversion to tensors work on.
package pixel

import (
	"image"
	"image/color"
)

// RGB is an image of 8-bit red, green and blue, row by row without padding.
// It implements image.Image.
type RGB struct {
	Width, Height int
	Pix           []uint8 // 3·Width·Height
}

// Recognise tells an image of a package above that is an RGB under a name of its
// own, which needs no conversion. That package sets it when the program starts.
var Recognise = func(image.Image) (*RGB, bool) { return nil, false }

func asRGB(img image.Image) (*RGB, bool) {
	if m, ok := img.(*RGB); ok {
		return m, true
	}
	return Recognise(img)
}

// NewRGB returns a black image.
func NewRGB(width, height int) *RGB {
	return &RGB{Width: width, Height: height, Pix: make([]uint8, 3*width*height)}
}

// ColorModel implements image.Image.
func (m *RGB) ColorModel() color.Model { return color.RGBAModel }

// Bounds implements image.Image.
func (m *RGB) Bounds() image.Rectangle { return image.Rect(0, 0, m.Width, m.Height) }

// At implements image.Image; outside the image it is black.
func (m *RGB) At(x, y int) color.Color {
	if !image.Pt(x, y).In(m.Bounds()) {
		return color.RGBA{A: 255}
	}
	p := m.Row(y)[3*x:]
	return color.RGBA{p[0], p[1], p[2], 255}
}

// Row is the pixels of one row.
func (m *RGB) Row(y int) []uint8 { return m.Pix[3*m.Width*y : 3*m.Width*(y+1)] }
