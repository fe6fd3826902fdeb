package transform

import (
	"image"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/pixel"
)

// ErrImage is wrapped by every error about an image: one that cannot be
// decoded, has no pixels or too many, or would be resized to nothing.
var ErrImage = errors.New("invalid image")

// MaxPixels is the most pixels that an image may have, decoded or resized:
// Pillow's limit, past which it reports a decompression bomb.
const MaxPixels = 178956970

// RGB is an image of 8-bit red, green and blue, row by row. Decode returns it
// and every function here takes it without converting.
type RGB = pixel.RGB

// NewRGB returns a black image. The error wraps ErrImage.
func NewRGB(width, height int) (*RGB, error) {
	if err := checkSize(width, height); err != nil {
		return nil, err
	}
	return pixel.NewRGB(width, height), nil
}

// ToRGB converts an image as Pillow's convert("RGB") does: alpha is dropped,
// 16-bit samples keep their high byte. A JPEG's colours are interpolated as
// libjpeg does.
func ToRGB(img image.Image) (*RGB, error) {
	if img == nil {
		return nil, errors.Wrap(ErrImage, "the image is nil")
	}
	b := img.Bounds()
	if err := checkSize(b.Dx(), b.Dy()); err != nil {
		return nil, err
	}
	return pixel.FromImage(img), nil
}

func checkSize(width, height int) error {
	if width <= 0 || height <= 0 {
		return errors.Wrapf(ErrImage, "%dx%d: an image needs at least one pixel", width, height)
	}
	if width > MaxPixels/height {
		return errors.Wrapf(ErrImage, "%dx%d: more than %d pixels", width, height, MaxPixels)
	}
	return nil
}
