package detect

import (
	"image"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

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
