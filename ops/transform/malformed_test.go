package transform

import (
	"image"
	"image/color"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/vertebra-vision/vertebra/ops"
)

// malformed are images that hold no picture: nil, or fewer samples than their
// bounds need.
func malformed() map[string]image.Image {
	r := image.Rect(0, 0, 4, 4)
	grey := color.Palette{color.Gray{}}
	return map[string]image.Image{
		"nil":                 nil,
		"nil RGB":             (*RGB)(nil),
		"nil YCbCr":           (*image.YCbCr)(nil),
		"nil NRGBA":           (*image.NRGBA)(nil),
		"nil Paletted":        (*image.Paletted)(nil),
		"RGB, short":          &RGB{Width: 4, Height: 4, Pix: make([]uint8, 47)},
		"RGB, long":           &RGB{Width: 4, Height: 4, Pix: make([]uint8, 49)},
		"RGB, no size":        &RGB{},
		"RGB, negative":       &RGB{Width: -4, Height: -4, Pix: make([]uint8, 48)},
		"RGB, overflow":       &RGB{Width: 1 << (strconv.IntSize / 2), Height: 1 << (strconv.IntSize / 2)},
		"RGBA, short":         &image.RGBA{Rect: r, Stride: 16, Pix: make([]uint8, 60)},
		"NRGBA, short":        &image.NRGBA{Rect: r, Stride: 16, Pix: make([]uint8, 60)},
		"NRGBA64, short":      &image.NRGBA64{Rect: r, Stride: 32, Pix: make([]uint8, 100)},
		"Gray, short":         &image.Gray{Rect: r, Stride: 4, Pix: make([]uint8, 15)},
		"Gray16, short":       &image.Gray16{Rect: r, Stride: 8, Pix: make([]uint8, 30)},
		"CMYK, short":         &image.CMYK{Rect: r, Stride: 16, Pix: make([]uint8, 60)},
		"Paletted, short":     &image.Paletted{Rect: r, Stride: 4, Pix: make([]uint8, 15), Palette: grey},
		"Paletted, no colour": &image.Paletted{Rect: r, Stride: 4, Pix: []uint8{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15}},
		"YCbCr, short":        &image.YCbCr{Rect: r, YStride: 4, CStride: 2, Y: make([]uint8, 16), Cb: make([]uint8, 4), Cr: make([]uint8, 3), SubsampleRatio: image.YCbCrSubsampleRatio420},
		"no pixels":           image.NewRGBA(image.Rect(3, 3, 3, 9)),
		"too large":           image.NewUniform(color.White),
	}
}

// Nothing that takes an image panics on one that holds no picture.
func TestMalformedImages(t *testing.T) {
	tf := Classification{Resize: 8, Crop: 8}
	for name, img := range malformed() {
		if name == "Paletted, no colour" {
			// As image.Paletted does, indices past the palette are black.
			_, err := ToRGB(img)
			assert.NoError(t, err, name)
			continue
		}
		for function, call := range map[string]func() error{
			"ToRGB":         func() error { _, err := ToRGB(img); return err },
			"Resize":        func() error { _, err := Resize(img, 5, 5, Bilinear); return err },
			"ResizeShorter": func() error { _, err := ResizeShorter(img, 5, Bicubic); return err },
			"CenterCrop":    func() error { _, err := CenterCrop(img, 5, 5); return err },
			"Letterbox":     func() error { _, _, err := Letterbox(img, 9, 9, LetterboxOptions{}); return err },
			"PadToDivisor":  func() error { _, _, err := PadToDivisor(img, 32, [3]uint8{}); return err },
			"Pixels":        func() error { _, err := tf.Pixels(img); return err },
			"Apply":         func() error { _, err := tf.Apply(img); return err },
			"ApplyBatch":    func() error { _, err := tf.ApplyBatch(img, img); return err },
		} {
			assert.NotPanics(t, func() { assert.ErrorIs(t, call(), ErrImage, "%s of %s", function, name) }, "%s of %s", function, name)
		}
		assert.NotPanics(t, func() {
			_, err := ops.FromImage(img)
			assert.ErrorIs(t, err, ops.ErrShape, name)
		}, name)
	}
}
