package ops_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/ops"
)

// alignCase is a random region of a random map. Its coordinates are whole or
// half pixels often, where samples have taps of weight zero.
type alignCase struct {
	x   *ops.Tensor
	roi ops.RoI
	opt ops.RoIAlignOptions
}

func randomAlign(t *testing.T, seed uint64) alignCase {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 11))
	h, w := 1+rng.IntN(9), 1+rng.IntN(9)
	x, err := ops.New(1, 2, h, w)
	require.NoError(t, err)
	for i := range x.Data() {
		x.Data()[i] = rng.Float32()*2 - 1
	}
	at := func(extent int) float32 {
		v := rng.Float32()*float32(extent+8) - 4
		if rng.IntN(3) > 0 {
			v = float32(math.Round(float64(2*v))) / 2
		}
		return v
	}
	return alignCase{x: x, roi: ops.RoI{Box: ops.Box{X1: at(w), Y1: at(h), X2: at(w), Y2: at(h)}}, opt: ops.RoIAlignOptions{
		Size: [2]int{1 + rng.IntN(4), 1 + rng.IntN(4)}, SamplingRatio: rng.IntN(6) - 1, Aligned: rng.IntN(2) == 0, Threads: 1,
	}}
}

func (c alignCase) align(t *testing.T, x *ops.Tensor) []float32 {
	t.Helper()
	y, err := ops.RoIAlign(context.Background(), x, []ops.RoI{c.roi}, c.opt)
	require.NoError(t, err)
	return y.Data()
}

// axisTaps is the pixels of an axis that a bin's samples give a weight above
// zero, straight from the definition.
func axisTaps(from, to float32, bins, bin, ratio, extent int, aligned bool) map[int]bool {
	if aligned {
		from, to = from-0.5, to-0.5
	}
	length := to - from
	if !aligned {
		length = max(length, 1)
	}
	size := length / float32(bins)
	if ratio <= 0 {
		ratio = int(math.Ceil(float64(size)))
	}
	used := map[int]bool{}
	for s := range ratio {
		at := from + float32(bin)*size + (float32(s)+0.5)*size/float32(ratio)
		if at < -1 || at > float32(extent) {
			continue
		}
		at = min(max(at, 0), float32(extent-1))
		low := int(at)
		used[low] = true
		if at > float32(low) {
			used[low+1] = true
		}
	}
	return used
}

// used tells which bins need a pixel.
func (c alignCase) used(y, x int) []bool {
	var list []bool
	b := c.roi.Box
	for py := range c.opt.Size[0] {
		ys := axisTaps(b.Y1, b.Y2, c.opt.Size[0], py, c.opt.SamplingRatio, c.x.Dim(2), c.opt.Aligned)
		for px := range c.opt.Size[1] {
			xs := axisTaps(b.X1, b.X2, c.opt.Size[1], px, c.opt.SamplingRatio, c.x.Dim(3), c.opt.Aligned)
			list = append(list, ys[y] && xs[x])
		}
	}
	return list
}

// A pixel that is no number shows in the bins that it has a weight in, an
// infinity as an infinity, and changes no bit of the others: what is not used is
// not multiplied.
func TestRoIAlignUsesNoMoreThanItsTaps(t *testing.T) {
	zero, whole := 0, 0
	for seed := range uint64(3000) {
		c := randomAlign(t, seed)
		clean := c.align(t, c.x)
		rng := rand.New(rand.NewPCG(seed, 12))
		y, x := rng.IntN(c.x.Dim(2)), rng.IntN(c.x.Dim(3))
		used := c.used(y, x)
		for _, bad := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			poisoned := c.x.Clone()
			poisoned.Data()[y*c.x.Dim(3)+x] = float32(bad) // of the first channel
			got := c.align(t, poisoned)
			what := fmt.Sprintf("seed %d: %v at %d, %d of %v in %+v of %+v", seed, bad, y, x, c.x, c.roi.Box, c.opt)
			for i, v := range clean {
				if i < len(used) && used[i] {
					whole++
					assert.True(t, math.IsNaN(bad) && got[i] != got[i] || float64(got[i]) == bad, "%s: bin %d is %v", what, i, got[i])
					continue
				}
				zero++
				assert.Equal(t, math.Float32bits(v), math.Float32bits(got[i]), "%s: bin %d", what, i)
			}
		}
		if t.Failed() {
			return
		}
	}
	assert.Greater(t, zero, 10000)
	assert.Greater(t, whole, 2000)
}

// Everything but the taps may be NaN at once.
func TestRoIAlignInAMapOfNaN(t *testing.T) {
	for seed := range uint64(1000) {
		c := randomAlign(t, seed)
		clean := c.align(t, c.x)
		poisoned := c.x.Clone()
		for y := range c.x.Dim(2) {
			for x := range c.x.Dim(3) {
				needed := false
				for _, u := range c.used(y, x) {
					needed = needed || u
				}
				if !needed {
					for ch := range 2 {
						poisoned.Data()[(ch*c.x.Dim(2)+y)*c.x.Dim(3)+x] = nan
					}
				}
			}
		}
		require.Equal(t, clean, c.align(t, poisoned), "seed %d", seed)
	}
}
