package ops

import (
	"image"
	"image/color"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestImageRoundTrip(t *testing.T) {
	img := image.NewNRGBA(image.Rect(3, 2, 8, 6))
	for i := range img.Pix {
		img.Pix[i] = uint8(i * 7)
		if i%4 == 3 {
			img.Pix[i] = 255
		}
	}
	x, err := FromImage(img)
	require.NoError(t, err)
	assert.Equal(t, []int{1, 3, 4, 5}, x.Shape())
	assert.Equal(t, float32(img.NRGBAAt(4, 2).G)/255, x.Data()[20+1])
	back, err := x.ToImage(0)
	require.NoError(t, err)
	for y := range 4 {
		for x := range 5 {
			want := img.NRGBAAt(x+3, y+2)
			assert.Equal(t, color.RGBA{want.R, want.G, want.B, 255}, back.At(x, y))
		}
	}
}

func TestToImageClamps(t *testing.T) {
	x, err := FromSlice([]float32{-1, 2, float32(math.NaN()), 0.5, float32(math.Inf(1)), 1}, 1, 1, 2, 3)
	require.NoError(t, err)
	img, err := x.ToImage(0)
	require.NoError(t, err)
	assert.Equal(t, []uint8{0, 255, 0, 128, 255, 255}, img.(*image.Gray).Pix)

	for name, f := range map[string]func() error{
		"nil":      func() error { _, err := FromImage(nil); return err },
		"nothing":  func() error { _, err := FromImage(image.NewGray(image.Rectangle{})); return err },
		"entry":    func() error { _, err := x.ToImage(1); return err },
		"channels": func() error { y, _ := x.Reshape(1, 2, 1, 3); _, err := y.ToImage(0); return err },
		"rank":     func() error { y, _ := x.Reshape(6); _, err := y.ToImage(0); return err },
	} {
		assert.ErrorIs(t, f(), ErrShape, name)
	}
}
