package ops_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/ops"
)

// runsOf is maskApi.c's rleFrString.
func runsOf(text string) []int {
	var runs []int
	for i := 0; i < len(text); {
		v, shift := 0, 0
		for more := true; more; i++ {
			group := int(text[i]) - '0'
			v |= group & 0x1f << shift
			more = group&0x20 != 0
			shift += 5
			if !more && group&0x10 != 0 {
				v |= -1 << shift
			}
		}
		if len(runs) > 2 {
			v += runs[len(runs)-2]
		}
		runs = append(runs, v)
	}
	return runs
}

func TestEncodeRLE(t *testing.T) {
	for name, c := range map[string]struct {
		rows, columns int
		inside        []float32
		runs          []int
		text          string
	}{
		"nothing":       {2, 2, []float32{0, 0, 0.49, 0}, []int{4}, "4"},
		"everything":    {2, 2, []float32{1, 1, 1, 0.5}, []int{0, 4}, "04"},
		"down the rows": {2, 3, []float32{1, 0, 0, 1, 1, 0}, []int{0, 2, 1, 1, 2}, "021O1"},
	} {
		x, err := ops.FromSlice(c.inside, c.rows, c.columns)
		require.NoError(t, err)
		got, err := ops.EncodeRLE(x, 0.5)
		require.NoError(t, err)
		assert.Equal(t, ops.RLE{Size: [2]int{c.rows, c.columns}, Counts: c.text}, got, name)
		assert.Equal(t, c.runs, runsOf(got.Counts), name)
	}
	noise := filled(t, "noise", 0, 1, 70, 90)
	got, err := ops.EncodeRLE(noise, 0.97)
	require.NoError(t, err)
	at, inside := 0, false
	for _, n := range runsOf(got.Counts) {
		for range n {
			require.Equal(t, noise.Data()[at%70*90+at/70] >= 0.97, inside)
			at++
		}
		inside = !inside
	}
	assert.Equal(t, noise.Len(), at)
	_, err = ops.EncodeRLE(nil, 0)
	assert.ErrorIs(t, err, ops.ErrShape)
}
