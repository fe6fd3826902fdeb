package transform

import (
	"image"
	"image/color"

	"github.com/vertebra-vision/vertebra/internal/pixel"
)

// RGB is an image of 8-bit red, green and blue. It implements image.Image.
// Decode returns it and every function here takes it without converting.
type RGB struct {
	// Width and Height are in pixels.
	Width, Height int
	// Pix has 3·Width·Height bytes, row by row without padding: the pixel (x, y)
	// begins at 3·(y·Width + x).
	Pix []uint8
}

// NewRGB returns a black image. The error wraps ErrImage.
func NewRGB(width, height int) (*RGB, error) {
	if err := checkSize(width, height); err != nil {
		return nil, err
	}
	return newRGB(width, height), nil
}

// ColorModel implements image.Image.
func (m *RGB) ColorModel() color.Model { return m.pixel().ColorModel() }

// Bounds implements image.Image; they begin at (0, 0).
func (m *RGB) Bounds() image.Rectangle { return m.pixel().Bounds() }

// At implements image.Image; outside the image it is black.
func (m *RGB) At(x, y int) color.Color { return m.pixel().At(x, y) }

// Row is the 3·Width bytes of row y, shared with the image.
func (m *RGB) Row(y int) []uint8 { return m.pixel().Row(y) }

// pixel is the same image as package pixel knows it.
func (m *RGB) pixel() *pixel.RGB { return (*pixel.RGB)(m) }

func init() {
	pixel.Recognise = func(img image.Image) (*pixel.RGB, bool) {
		m, ok := img.(*RGB)
		return m.pixel(), ok
	}
}

// newRGB is NewRGB for a size that was checked.
func newRGB(width, height int) *RGB { return (*RGB)(pixel.NewRGB(width, height)) }

// fromPixel takes what package pixel gives.
func fromPixel(m *pixel.RGB, err error) (*RGB, error) { return (*RGB)(m), err }
