package pixel

import (
	"image"

	"github.com/pkg/errors"
)

// MaxPixels is the most pixels that an image may have: Pillow's limit, past
// which it reports a decompression bomb. It bounds an RGB to 512 MiB.
const MaxPixels = 178956970

// CheckSize reports a size that no image may have.
func CheckSize(width, height int) error {
	if width <= 0 || height <= 0 {
		return errors.Errorf("%dx%d: an image needs at least one pixel", width, height)
	}
	if width > MaxPixels/height {
		return errors.Errorf("%dx%d: more than %d pixels", width, height, MaxPixels)
	}
	return nil
}

// checkRGB reports an image that nobody allocated, or whose fields disagree.
func checkRGB(m *RGB) error {
	if m == nil {
		return errors.New("the image is nil")
	}
	if err := CheckSize(m.Width, m.Height); err != nil {
		return err
	}
	if want := 3 * m.Width * m.Height; len(m.Pix) != want {
		return errors.Errorf("%dx%d: Pix has %d bytes, want %d", m.Width, m.Height, len(m.Pix), want)
	}
	return nil
}

// guard turns the panic of an image whose methods fail, such as a nil
// pointer or one with fewer samples than its bounds need, into an error.
func guard(img image.Image, err *error) {
	if p := recover(); p != nil {
		*err = errors.Errorf("the %T does not hold the pixels of its bounds: %v", img, p)
	}
}
