package ops

import (
	"image"
	"image/color"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/pixel"
)

// FromImage makes a 1×3×H×W tensor of an image's red, green and blue, 0 to 1,
// as torchvision's to_tensor does. Preprocessing for a network is in package
// transform. Errors wrap ErrShape.
func FromImage(img image.Image) (*Tensor, error) {
	m, err := pixel.FromImage(img)
	if err != nil {
		return nil, errors.Wrap(ErrShape, err.Error())
	}
	t, err := New(1, 3, m.Height, m.Width)
	if err != nil {
		return nil, err
	}
	plane := m.Width * m.Height
	for i := range plane {
		for c := range 3 {
			t.data[c*plane+i] = float32(m.Pix[3*i+c]) / 255
		}
	}
	return t, nil
}

// ToImage makes an image of entry n of an N×C×H×W tensor: RGB of three
// channels, grey of one. Values are scaled from 0…1 and clamped.
func (t *Tensor) ToImage(n int) (image.Image, error) {
	if t.Rank() != 4 || t.shape[1] != 3 && t.shape[1] != 1 || n < 0 || n >= t.shape[0] {
		return nil, errors.Wrapf(ErrShape, "image %d of %v: want N×3×H×W or N×1×H×W", n, t.shape)
	}
	h, w, channels := t.shape[2], t.shape[3], t.shape[1]
	plane := h * w
	data := t.data[n*channels*plane:]
	if channels == 1 {
		m := image.NewGray(image.Rect(0, 0, w, h))
		for i := range plane {
			m.Pix[i] = toByte(data[i])
		}
		return m, nil
	}
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	for i := range plane {
		m.SetRGBA(i%w, i/w, color.RGBA{toByte(data[i]), toByte(data[plane+i]), toByte(data[2*plane+i]), 255})
	}
	return m, nil
}

// toByte rounds 0…1 to 0…255; NaN is 0.
func toByte(v float32) uint8 {
	if !(v > 0) {
		return 0
	}
	return uint8(min(v, 1)*255 + 0.5)
}
