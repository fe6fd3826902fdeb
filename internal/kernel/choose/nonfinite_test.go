package choose

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/conv"
	"github.com/vertebra-vision/vertebra/internal/kernel/kerneltest"
	"github.com/vertebra-vision/vertebra/internal/kernel/stem"
	"github.com/vertebra-vision/vertebra/internal/kernel/strassen"
	"github.com/vertebra-vision/vertebra/internal/kernel/tile"
	"github.com/vertebra-vision/vertebra/internal/kernel/winograd"
)

// What backbone's documentation says of values that are no numbers: each output
// that depends on one is none either. Direct convolution leaves the others as
// they are, to the bit, but for those of groups that it merges. Winograd's
// algorithm spreads it within tiles, which is five outputs further at most, times
// the dilation; Strassen's to three other pixels at most. Other images of a batch
// keep their bits.
func TestNonFiniteValuesSpread(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, isa kernel.ISA) {
		seeds := uint64(300)
		if testing.Short() {
			seeds = 100
		}
		further := map[kernel.Algorithm]int{}
		for seed := range seeds {
			rng := rand.New(rand.NewPCG(seed, 16))
			s := kerneltest.RandomConv(rng, isa)
			s.Act = kernel.None
			x, residual := kerneltest.Floats(rng, s.In.Len()), kerneltest.Floats(rng, s.Out.Len())
			place := rng.IntN(s.In.Len())
			for _, a := range Among(s, kerneltest.Between(s, conv.Direct).InLayout) {
				result := func(v float32) []float32 {
					poisoned := slices.Clone(x)
					poisoned[place] = v
					return kerneltest.Result(t, s, a, poisoned, residual)
				}
				v := []float64{math.NaN(), math.Inf(1), math.Inf(-1)}[rng.IntN(3)]
				what := fmt.Sprintf("%v, seed %d: %v at %d of %v to %v, %+v, %d groups", a.Name(), seed, v, place, s.In, s.Out, s.Geometry, s.Groups)
				further[a] += requireSpread(t, s, a, place, result(x[place]), result(float32(v)), what)
			}
		}
		for _, a := range All() {
			assert.True(t, isa == kernel.Generic || a == conv.Direct || further[a] > 0, "%v spreads nothing: is the documentation still true?", a.Name())
		}
	})
}

// requireSpread checks the outputs of one convolution and counts those that the
// algorithm spreads a value to beyond the ones that depend on it.
func requireSpread(t *testing.T, s kernel.ConvSpec, a kernel.Algorithm, place int, clean, got []float32, what string) (further int) {
	t.Helper()
	pixels := map[int]bool{}
	for i, v := range got {
		finite := v-v == 0
		far, depends := distance(s, place, i)
		if depends && far == 0 {
			require.False(t, finite, "%s: output %d", what, i)
		}
		if finite {
			require.Equal(t, math.Float32bits(clean[i]), math.Float32bits(v), "%s: output %d", what, i)
			continue
		}
		pixels[i%s.Out.Plane()] = true
		if !depends || far > 0 {
			further++
		}
		require.True(t, merges(s, place, i), "%s: output %d is of another image or group", what, i)
		switch a := a.(type) {
		case winograd.F:
			require.Less(t, far, int(a)*s.Dilation[0], "%s: output %d", what, i)
		case strassen.Levels:
		default:
			require.LessOrEqual(t, far, map[kernel.Algorithm]int{stem.Winograd: 4}[a], "%s: output %d", what, i)
		}
	}
	if levels, ok := a.(strassen.Levels); ok {
		require.LessOrEqual(t, len(pixels), 1<<levels, what)
	}
	return further
}

// distance is how many rows or columns an output lies beside those whose window
// covers an input; and whether it is of the input's group and image.
func distance(s kernel.ConvSpec, in, out int) (int, bool) {
	image, channel, y, x := at(s.In, in)
	ofImage, ofChannel, oy, ox := at(s.Out, out)
	depends := image == ofImage && channel/(s.In.C/s.Groups) == ofChannel/(s.Out.C/s.Groups)
	return max(beside(s, 0, y, oy, s.Out.H), beside(s, 1, x, ox, s.Out.W)), depends
}

// beside is the distance along an axis.
func beside(s kernel.ConvSpec, axis, in, out, outs int) int {
	least := math.MaxInt
	for k := range s.Kernel[axis] {
		at := in + s.Padding[axis] - k*s.Dilation[axis]
		if o := at / s.Stride[axis]; at >= 0 && at%s.Stride[axis] == 0 && o < outs {
			least = min(least, max(o-out, out-o))
		}
	}
	return least
}

// merges reports whether an output is of the input's image and merged group.
func merges(s kernel.ConvSpec, in, out int) bool {
	image, channel, _, _ := at(s.In, in)
	ofImage, ofChannel, _, _ := at(s.Out, out)
	g, ok := tile.Merge(s)
	return image == ofImage && ok && channel/g.In == ofChannel/g.Out
}

func at(d kernel.Dims, i int) (image, channel, y, x int) {
	return i / d.Plane() / d.C, i / d.Plane() % d.C, i % d.Plane() / d.W, i % d.W
}
