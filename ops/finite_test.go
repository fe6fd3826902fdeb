package ops

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCheckFinite(t *testing.T) {
	assert.ErrorIs(t, (*Tensor)(nil).CheckFinite(), ErrShape)
	nan, inf := float32(math.NaN()), float32(math.Inf(-1))
	for _, c := range []struct {
		shape []int
		index []int
		value float32
		says  string
	}{
		{[]int{2, 3, 40, 50}, []int{1, 2, 39, 7}, nan, "the value at image 1, channel 2, y 39, x 7 is NaN: not a finite number"},
		{[]int{3, 40, 50}, []int{0, 3, 49}, inf, "the value at channel 0, y 3, x 49 is -Inf: not a finite number"},
		{[]int{5, 6}, []int{4, 1}, nan, "the value at [4 1] is NaN: not a finite number"},
		{[]int{1}, []int{0}, inf, "the value at [0] is -Inf: not a finite number"},
	} {
		x, err := New(c.shape...)
		require.NoError(t, err)
		require.NoError(t, x.CheckFinite())
		at := 0
		for i, n := range c.shape {
			at = at*n + c.index[i]
		}
		x.Data()[at] = c.value
		x.Data()[x.Len()-1] = min(c.value, x.Data()[x.Len()-1]) // a later one does not count
		err = x.CheckFinite()
		require.ErrorIs(t, err, ErrNonFinite)
		assert.EqualError(t, err, c.says)
		var e *NonFiniteError
		require.ErrorAs(t, err, &e)
		assert.Equal(t, c.index, e.Index)
		assert.Equal(t, at, IndexNonFinite(x.Data()))
	}
}
