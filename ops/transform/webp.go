package transform

import (
	"bytes"
	"image"

	"github.com/pkg/errors"
	"golang.org/x/image/webp"

	"github.com/vertebra-vision/vertebra/internal/imagefile"
	"github.com/vertebra-vision/vertebra/internal/pixel"
)

// decodeWebP decodes a WebP, of an animated one the first frame. As in Pillow,
// what that leaves free of the canvas is black.
func decodeWebP(data []byte, config image.Config) (*RGB, error) {
	frame, err := imagefile.WebPFrame(data)
	if err != nil {
		return nil, err
	}
	img, err := webp.Decode(bytes.NewReader(frame.File))
	if err != nil {
		return nil, err
	}
	m, err := fromPixel(pixel.FromWebP(img))
	if err != nil {
		return nil, err
	}
	canvas := image.Pt(config.Width, config.Height)
	if !m.Bounds().Add(frame.At).In(image.Rectangle{Max: canvas}) {
		return nil, errors.Errorf("a picture of %dx%d at %v", m.Width, m.Height, frame.At)
	}
	if m.Bounds().Size() == canvas {
		return m, nil
	}
	dst := newRGB(canvas.X, canvas.Y)
	for y := range m.Height {
		copy(dst.Row(frame.At.Y + y)[3*frame.At.X:], m.Row(y))
	}
	return dst, nil
}
