package detect

import (
	"image"
	"math"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

// Values that are no numbers are refused in the caller's own coordinates.
func TestNonFiniteInputs(t *testing.T) {
	d := small(t, "fcos")
	good, bad := pattern(t, 3, 60, 80), pattern(t, 1, 3, 60, 80)
	bad.Data()[(1*60+59)*80+79] = float32(math.NaN())
	_, err := d.DetectTensors(ctx, []*ops.Tensor{good, bad})
	require.ErrorIs(t, err, ops.ErrNonFinite)
	assert.ErrorContains(t, err, "image 1: the value at image 0, channel 1, y 59, x 79 is NaN")
	good.Data()[5] = math.MaxFloat32
	_, err = d.DetectTensors(ctx, []*ops.Tensor{good})
	require.ErrorIs(t, err, ops.ErrNonFinite, "once it is divided by the deviation")
	assert.ErrorContains(t, err, "fcos: the input: the value at image 0, channel 0, y ")
	x, err := d.Prepare(transform.Bytes{Pix: make([]uint8, 3*80*60), Width: 80, Height: 60, Stride: 240})
	require.NoError(t, err)
	x.Data()[x.Dim(3)+2] = float32(math.Inf(-1))
	_, err = d.DetectPrepared(ctx, x, []image.Point{{X: 80, Y: 60}})
	require.ErrorIs(t, err, ops.ErrNonFinite)
	assert.ErrorContains(t, err, "image 0, channel 0, y 1, x 2 is -Inf")
}

func pattern(t *testing.T, shape ...int) *ops.Tensor {
	t.Helper()
	x, err := ops.New(shape...)
	require.NoError(t, err)
	for i := range x.Data() {
		x.Data()[i] = float32(i%7) / 7
	}
	return x
}

// What was prepared beforehand gives the detections that Detect gives, in a
// batch of images whose sizes differ too.
func TestPrepared(t *testing.T) {
	for _, kind := range []string{"fcos", "fasterrcnn", "fasterrcnn_detectron2"} {
		d := small(t, kind)
		var images []image.Image
		var sizes []image.Point
		var tensors []*ops.Tensor
		for i, s := range []image.Point{{X: 80, Y: 60}, {X: 160, Y: 120}} {
			m, err := transform.NewRGB(s.X, s.Y)
			require.NoError(t, err)
			for k := range m.Pix {
				m.Pix[k] = uint8(k*(i+3) + k*k/97)
			}
			images, sizes = append(images, m), append(sizes, s)
			x, err := d.Prepare(transform.Bytes{Pix: m.Pix, Width: s.X, Height: s.Y, Stride: 3 * s.X})
			require.NoError(t, err)
			tensors = append(tensors, x)
		}
		require.Equal(t, tensors[0].Shape(), tensors[1].Shape())
		both, err := ops.New(2, 3, tensors[0].Dim(2), tensors[0].Dim(3))
		require.NoError(t, err)
		copy(both.Data()[copy(both.Data(), tensors[0].Data()):], tensors[1].Data())
		want, err := d.Detect(ctx, images)
		require.NoError(t, err)
		got, err := d.DetectPrepared(ctx, both, sizes)
		require.NoError(t, err)
		require.NotEmpty(t, want[0], kind)
		assert.Equal(t, want, got, kind)
		for name, f := range map[string]func() error{
			"nil":    func() error { _, err := d.DetectPrepared(ctx, nil, nil); return err },
			"number": func() error { _, err := d.DetectPrepared(ctx, both, sizes[:1]); return err },
			"size": func() error {
				_, err := d.DetectPrepared(ctx, both, []image.Point{sizes[0], {X: 60, Y: 80}})
				return err
			},
			"zero": func() error { _, err := d.DetectPrepared(ctx, both, []image.Point{sizes[0], {}}); return err },
		} {
			assert.ErrorIs(t, f(), ops.ErrShape, name)
		}
		_, err = d.Prepare(transform.Bytes{})
		require.ErrorIs(t, err, transform.ErrImage)
		_, err = d.Prepare(transform.Bytes{Pix: make([]uint8, 5), Width: 9, Height: 9, Stride: 27})
		require.ErrorIs(t, err, transform.ErrImage)
		_, err = d.Prepare(transform.Bytes{Pix: make([]uint8, 3<<14), Width: 1 << 14, Height: 1, Stride: 3 << 14})
		require.ErrorIs(t, err, ops.ErrShape, "nothing is left of its height")
	}
}

// Prepare does all that a Transform says. A new field is one that it must heed,
// or leave to the slower way.
func TestPrepareKnowsTheTransform(t *testing.T) {
	assert.Equal(t, 7, reflect.TypeFor[Transform]().NumField(), "does Prepare heed the new field?")
}
