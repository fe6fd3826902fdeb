package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gonum.org/v1/gonum/mat"
)

func TestNewRejectsBadShapes(t *testing.T) {
	for _, shape := range [][]int{{}, {0}, {3, -1}, {math.MaxInt, math.MaxInt}, {1 << 31, 1 << 31, 1 << 31}} {
		_, err := New(shape...)
		assert.ErrorIs(t, err, ErrShape, "%v", shape)
		_, err = FromSlice(nil, shape...)
		assert.ErrorIs(t, err, ErrShape, "%v", shape)
	}
	_, err := FromSlice(make([]float32, 5), 2, 3)
	assert.ErrorContains(t, err, "2x3 holds 6 elements, the slice has 5")
}

func TestViewsShareAndClonesDoNot(t *testing.T) {
	x, err := FromSlice([]float32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, 2, 3, 1, 2)
	require.NoError(t, err)
	rows, err := x.Rows(1, 2)
	require.NoError(t, err)
	assert.Equal(t, []int{1, 3, 1, 2}, rows.Shape())
	flat, err := x.Reshape(2, -1)
	require.NoError(t, err)
	assert.Equal(t, []int{2, 6}, flat.Shape())
	m, err := x.Map(1, 2)
	require.NoError(t, err)
	clone := x.Clone()

	x.Data()[11] = 42
	assert.Equal(t, float32(42), rows.Data()[5])
	assert.Equal(t, float32(42), flat.Data()[11])
	assert.Equal(t, []float32{10, 42}, m)
	assert.Equal(t, float32(11), clone.Data()[11])

	assert.Equal(t, 2, x.Dim(-1))
	assert.Equal(t, 0, x.Dim(4))
	assert.Equal(t, "Tensor(2x3x1x2)", x.String())
	x.Shape()[0] = 99
	assert.Equal(t, 2, x.Dim(0), "Shape returns a copy")
}

func TestViewErrors(t *testing.T) {
	x, err := New(2, 3, 4, 5)
	require.NoError(t, err)
	for name, f := range map[string]func() error{
		"rows past the end": func() error { _, err := x.Rows(1, 3); return err },
		"no rows":           func() error { _, err := x.Rows(1, 1); return err },
		"map":               func() error { _, err := x.Map(0, 3); return err },
		"reshape":           func() error { _, err := x.Reshape(7, -1); return err },
		"reshape to zero":   func() error { _, err := x.Reshape(0, -1); return err },
		"reshape, two -1":   func() error { _, err := x.Reshape(-1, -1); return err },
		"reshape, more":     func() error { _, err := x.Reshape(math.MaxInt, 2); return err },
		"reshape, nothing":  func() error { _, err := x.Reshape(); return err },
		"dense":             func() error { _, err := x.Dense(2, 0); return err },
	} {
		assert.ErrorIs(t, f(), ErrShape, name)
	}
}

func TestDenseRoundTrip(t *testing.T) {
	x := random(t, "x", 1, 3, 4, 5)
	var channels []mat.Matrix
	for c := range 3 {
		m, err := x.Dense(0, c)
		require.NoError(t, err)
		assert.Equal(t, float64(x.Data()[c*20+7]), m.At(1, 2))
		channels = append(channels, m)
	}
	y, err := FromDense(channels...)
	require.NoError(t, err)
	assert.Equal(t, x, y)

	_, err = FromDense()
	assert.ErrorIs(t, err, ErrShape)
	_, err = FromDense(mat.NewDense(2, 2, nil), mat.NewDense(2, 3, nil))
	assert.ErrorIs(t, err, ErrShape)
}
