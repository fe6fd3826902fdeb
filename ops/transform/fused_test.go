package transform

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// noise is an image whose pixels have nothing to do with each other.
func noise(width, height int) *RGB {
	m := newRGB(width, height)
	r := rand.New(rand.NewPCG(uint64(width), uint64(height)))
	for i := range m.Pix {
		m.Pix[i] = uint8(r.Uint32())
	}
	return m
}

// bytesOf puts an image into rows that are longer than it, in either order.
func bytesOf(m *RGB, bgr bool) Bytes {
	b := Bytes{Width: m.Width, Height: m.Height, Stride: 3*m.Width + 7, BGR: bgr}
	b.Pix = make([]uint8, b.Stride*m.Height-7)
	for y := range m.Height {
		out := b.Pix[y*b.Stride:]
		copy(out, m.Row(y))
		for x := 0; bgr && x < m.Width; x++ {
			out[3*x], out[3*x+2] = out[3*x+2], out[3*x]
		}
	}
	return b
}

// The fused way gives what the steps one by one give, to the bit.
func TestFused(t *testing.T) {
	for _, size := range [][2]int{{64, 48}, {48, 64}, {31, 31}, {5, 90}, {1, 1}, {32, 40}, {20, 200}} {
		for _, how := range []Interpolation{"", Bilinear, Bicubic, Nearest} {
			for _, c := range [][2]int{{0, 0}, {32, 32}, {36, 24}, {32, 0}, {0, 17}, {24, 40}, {100, 33}} {
				name := fmt.Sprintf("%v %s %v", size, how, c)
				tf := ImageNet()
				tf.Resize, tf.Crop, tf.Interpolation = c[0], c[1], how
				m := noise(size[0], size[1])
				want, err := tf.Apply(m)
				require.NoError(t, err, name)
				f, err := NewFused(tf)
				require.NoError(t, err, name)
				for _, bgr := range []bool{false, true} {
					for range 2 { // with new memory, then with used
						got, err := f.Apply(bytesOf(m, bgr))
						require.NoError(t, err, name)
						require.Equal(t, want.Shape(), got.Shape(), name)
						require.Equal(t, want.Data(), got.Data(), name)
					}
				}
			}
		}
	}
}

func TestFusedErrors(t *testing.T) {
	_, err := NewFused(Classification{Interpolation: "area"})
	require.ErrorIs(t, err, ErrImage)
	_, err = NewFused(Classification{Resize: -1})
	require.ErrorIs(t, err, ErrImage)
	f, err := NewFused(Classification{Resize: 8})
	require.NoError(t, err)
	for name, b := range map[string]Bytes{
		"nothing":      {},
		"short":        {Pix: make([]uint8, 11), Width: 2, Height: 2, Stride: 6},
		"narrow rows":  {Pix: make([]uint8, 12), Width: 2, Height: 2, Stride: 5},
		"negative":     {Pix: make([]uint8, 12), Width: -2, Height: -2, Stride: 6},
		"huge":         {Pix: make([]uint8, 12), Width: 1 << 30, Height: 1 << 30, Stride: 3 << 29},
		"far too long": {Pix: make([]uint8, 3<<20), Width: 1, Height: 1 << 20, Stride: 3},
	} {
		if name == "far too long" {
			big, err := NewFused(Classification{Resize: 1000})
			require.NoError(t, err)
			_, err = big.Apply(b)
			require.ErrorIs(t, err, ErrImage, name)
			continue
		}
		_, err := f.Apply(b)
		assert.ErrorIs(t, err, ErrImage, name)
	}
	// More sizes than are remembered.
	for n := range 3 * maxFusedPlans {
		_, err := f.Apply(bytesOf(noise(n+1, 9), false))
		require.NoError(t, err)
	}
	assert.LessOrEqual(t, len(f.plans), maxFusedPlans)
}

func BenchmarkFused(b *testing.B) {
	f, err := NewFused(ImageNet())
	require.NoError(b, err)
	m := bytesOf(noise(768, 576), true)
	for b.Loop() {
		if _, err := f.Apply(m); err != nil {
			b.Fatal(err)
		}
	}
}
