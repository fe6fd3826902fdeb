package transform

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/ops"
)

// From the bytes in one pass comes what normalising and then
// ops.Interpolate give; beside it the tensor keeps what it has.
func TestInterpolate(t *testing.T) {
	tf := ImageNet()
	for _, from := range [][2]int{{64, 48}, {31, 57}, {1, 1}, {1, 9}, {200, 3}} {
		for _, to := range [][2]int{{64, 48}, {100, 75}, {20, 31}, {1, 1}, {7, 90}} {
			m := noise(from[0], from[1])
			normal := tf
			normal.Resize, normal.Crop = 0, 0
			whole, err := normal.Apply(m)
			require.NoError(t, err)
			want, err := ops.Interpolate(whole, ops.InterpolateOptions{Mode: ops.Bilinear, Size: [2]int{to[1], to[0]}})
			require.NoError(t, err)
			for _, bgr := range []bool{false, true} {
				x, err := ops.New(1, 3, to[1]+2, to[0]+3)
				require.NoError(t, err)
				for i := range x.Data() {
					x.Data()[i] = 9
				}
				require.NoError(t, bytesOf(m, bgr).Interpolate(x, to[0], to[1], tf.Mean, tf.Std))
				for i, got := range x.Data() {
					ch, y, c := i/((to[1]+2)*(to[0]+3)), i/(to[0]+3)%(to[1]+2), i%(to[0]+3)
					if y >= to[1] || c >= to[0] {
						require.EqualValues(t, 9, got)
						continue
					}
					require.InDelta(t, want.Data()[(ch*to[1]+y)*to[0]+c], got, 1e-6, fmt.Sprint(from, to, ch, y, c))
				}
			}
		}
	}
}

func TestInterpolateErrors(t *testing.T) {
	x, err := ops.New(1, 3, 4, 5)
	require.NoError(t, err)
	b := bytesOf(noise(8, 8), false)
	for name, f := range map[string]func() error{
		"nil":     func() error { return b.Interpolate(nil, 1, 1, [3]float32{}, [3]float32{}) },
		"high":    func() error { return b.Interpolate(x, 5, 5, [3]float32{}, [3]float32{}) },
		"wide":    func() error { return b.Interpolate(x, 6, 4, [3]float32{}, [3]float32{}) },
		"nothing": func() error { return b.Interpolate(x, 0, 4, [3]float32{}, [3]float32{}) },
	} {
		assert.ErrorIs(t, f(), ops.ErrShape, name)
	}
	b.Pix = b.Pix[:100]
	assert.ErrorIs(t, b.Interpolate(x, 5, 4, [3]float32{}, [3]float32{}), ErrImage)
}
