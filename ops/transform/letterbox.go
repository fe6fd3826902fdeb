package transform

import (
	"image"
	"math"

	"github.com/pkg/errors"
)

// Placement tells where an image lies in the input made of it.
type Placement struct {
	// ScaleX and ScaleY are the input's pixels per pixel of the image.
	ScaleX, ScaleY float64
	// X and Y are where the image's top left corner lies in the input.
	X, Y float64
}

// ToImage maps a point of the input back to the image.
func (p Placement) ToImage(x, y float64) (float64, float64) {
	return (x - p.X) / p.ScaleX, (y - p.Y) / p.ScaleY
}

// ToInput maps a point of the image to the input.
func (p Placement) ToInput(x, y float64) (float64, float64) {
	return x*p.ScaleX + p.X, y*p.ScaleY + p.Y
}

// LetterboxOptions say how Letterbox fills what the image leaves free.
type LetterboxOptions struct {
	// Fill is the colour of the bars. The default is black.
	Fill [3]uint8
	// TopLeft puts the image into that corner; otherwise it is centred.
	TopLeft bool
	// Interpolation defaults to Bilinear.
	Interpolation Interpolation
}

// Letterbox scales an image to fit into width×height, keeping its aspect, and
// fills the rest.
func Letterbox(img image.Image, width, height int, opt LetterboxOptions) (*RGB, Placement, error) {
	src, err := ToRGB(img)
	if err != nil {
		return nil, Placement{}, err
	}
	if err := checkSize(width, height); err != nil {
		return nil, Placement{}, err
	}
	scale := math.Min(float64(width)/float64(src.Width), float64(height)/float64(src.Height))
	w := min(width, max(1, int(math.Round(float64(src.Width)*scale))))
	h := min(height, max(1, int(math.Round(float64(src.Height)*scale))))
	small, err := Resize(src, w, h, opt.Interpolation)
	if err != nil {
		return nil, Placement{}, err
	}
	x, y := (width-w)/2, (height-h)/2
	if opt.TopLeft {
		x, y = 0, 0
	}
	p := Placement{
		ScaleX: float64(w) / float64(src.Width), ScaleY: float64(h) / float64(src.Height),
		X: float64(x), Y: float64(y),
	}
	return onCanvas(small, width, height, x, y, opt.Fill), p, nil
}

// PadToDivisor adds pixels on the right and at the bottom until both sides are
// multiples of a divisor.
func PadToDivisor(img image.Image, divisor int, fill [3]uint8) (*RGB, Placement, error) {
	src, err := ToRGB(img)
	if err != nil {
		return nil, Placement{}, err
	}
	if divisor < 1 || divisor > MaxPixels {
		return nil, Placement{}, errors.Wrapf(ErrImage, "divisor %d, want 1 or more", divisor)
	}
	w := (src.Width + divisor - 1) / divisor * divisor
	h := (src.Height + divisor - 1) / divisor * divisor
	if err := checkSize(w, h); err != nil {
		return nil, Placement{}, err
	}
	return onCanvas(src, w, h, 0, 0, fill), Placement{ScaleX: 1, ScaleY: 1}, nil
}

// onCanvas draws an image on a larger one of one colour.
func onCanvas(src *RGB, width, height, x, y int, fill [3]uint8) *RGB {
	dst := newRGB(width, height)
	if fill != [3]uint8{} {
		for i := range dst.Pix {
			dst.Pix[i] = fill[i%3]
		}
	}
	draw(dst, src, x, y)
	return dst
}
