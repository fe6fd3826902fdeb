package transform

import (
	"image"

	"github.com/pkg/errors"
)

// Resize scales an image to width×height as Pillow's Image.resize does, to
// the bit; "" is Bilinear. Errors wrap ErrImage.
func Resize(img image.Image, width, height int, how Interpolation) (*RGB, error) {
	src, err := ToRGB(img)
	if err != nil {
		return nil, err
	}
	if err := checkSize(width, height); err != nil {
		return nil, errors.WithMessagef(err, "resizing %dx%d", src.Width, src.Height)
	}
	// Between the passes the image is as wide as the result and as high as
	// the source.
	if err := checkSize(width, src.Height); err != nil {
		return nil, errors.WithMessagef(err, "resizing %dx%d", src.Width, src.Height)
	}
	if how == "" {
		how = Bilinear
	}
	if how == Nearest {
		return nearest(src, width, height), nil
	}
	f, ok := filters[how]
	if !ok {
		return nil, errors.Wrapf(ErrImage, "interpolation %q, want %q, %q or %q", how, Bilinear, Bicubic, Nearest)
	}
	return resample(src, width, height, f), nil
}

// ResizeShorter scales an image so that its shorter side has size pixels and
// keeps its aspect, as torchvision's Resize(size) does: the longer side is
// rounded down.
func ResizeShorter(img image.Image, size int, how Interpolation) (*RGB, error) {
	src, err := ToRGB(img)
	if err != nil {
		return nil, err
	}
	if size <= 0 || size > MaxPixels {
		return nil, errors.Wrapf(ErrImage, "resizing the shorter side to %d pixels", size)
	}
	w, h := shorterSize(src.Width, src.Height, size)
	return Resize(src, w, h, how)
}

// shorterSize scales a size so that its shorter side has size pixels.
func shorterSize(width, height, size int) (w, h int) {
	if width <= height {
		return size, int(float64(size) * float64(height) / float64(width))
	}
	return int(float64(size) * float64(width) / float64(height)), size
}
