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
const MaxPixels = pixel.MaxPixels

// ToRGB converts an image as Pillow's convert("RGB") does: alpha is dropped,
// 16-bit samples of colours keep their high byte, and grey of 16 bits is clipped
// to 255, so that what holds more, such as a map of depths or an X-ray, must be
// scaled to 8 bits before. The colours of an image.YCbCr are interpolated as
// libjpeg does; for a WebP, whose colours differ, use Decode. An *RGB is
// returned as it is. The error wraps ErrImage.
func ToRGB(img image.Image) (*RGB, error) {
	m, err := fromPixel(pixel.FromImage(img))
	if err != nil {
		return nil, errors.Wrap(ErrImage, err.Error())
	}
	return m, nil
}

func checkSize(width, height int) error {
	if err := pixel.CheckSize(width, height); err != nil {
		return errors.Wrap(ErrImage, err.Error())
	}
	return nil
}
