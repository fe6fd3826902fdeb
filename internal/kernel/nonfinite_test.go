package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What backbone's documentation says of values that are no numbers: each output
// that depends on one is none either. Direct convolution leaves the others as
// they are, to the bit, but for those of groups that it merges. Winograd's
// algorithm spreads it within tiles, which is five outputs further at most, times
// the dilation; Strassen's to three other pixels at most. Other images of a batch
// keep their bits.
func TestNonFiniteValuesSpread(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		seeds := uint64(300)
		if testing.Short() {
			seeds = 100
		}
		further := map[Algorithm]int{}
		for seed := range seeds {
			rng := rand.New(rand.NewPCG(seed, 16))
			s := randomConv(rng)
			s.Act = None
			if !CanBlock(s) {
				continue
			}
			x, residual := randomFloats(rng, s.In.Len()), randomFloats(rng, s.Out.Len())
			place := rng.IntN(s.In.Len())
			for _, a := range bothAlgorithms(s) {
				result := func(v float32) []float32 {
					poisoned := slices.Clone(x)
					poisoned[place] = v
					return blockedResult(t, rand.New(rand.NewPCG(seed, 17)), s, a, poisoned, residual)
				}
				v := []float64{math.NaN(), math.Inf(1), math.Inf(-1)}[rng.IntN(3)]
				what := fmt.Sprintf("%v, seed %d: %v at %d of %v to %v, %+v, %d groups", a, seed, v, place, s.In, s.Out, s.Geometry, s.Groups)
				further[a] += requireSpread(t, s, a, place, result(x[place]), result(float32(v)), what)
			}
		}
		for _, a := range everyAlgorithm {
			assert.True(t, !Blocked() || a == Direct || further[a] > 0, "%v spreads nothing: is the documentation still true?", a)
		}
	})
}

// requireSpread checks the outputs of one convolution and counts those that the
// algorithm spreads a value to beyond the ones that depend on it.
func requireSpread(t *testing.T, s ConvSpec, a Algorithm, place int, clean, got []float32, what string) (further int) {
	t.Helper()
	pixels := map[int]bool{}
	for i, v := range got {
		finite := v-v == 0
		distance, depends := s.distance(place, i)
		if depends && distance == 0 {
			require.False(t, finite, "%s: output %d", what, i)
		}
		if finite {
			require.Equal(t, math.Float32bits(clean[i]), math.Float32bits(v), "%s: output %d", what, i)
			continue
		}
		pixels[i%s.Out.Plane()] = true
		if !depends || distance > 0 {
			further++
		}
		require.True(t, s.merges(place, i), "%s: output %d is of another image or group", what, i)
		switch {
		case a == Direct:
			require.Zero(t, distance, "%s: output %d", what, i)
		case a == WinogradStem:
			require.LessOrEqual(t, distance, stemOutputs, "%s: output %d", what, i)
		case a.winograd():
			require.Less(t, distance, int(a)*s.Dilation[0], "%s: output %d", what, i)
		}
	}
	if a == Strassen || a == Strassen2 {
		require.LessOrEqual(t, len(pixels), parts(a.levels()), what)
	}
	return further
}

// distance is how many rows or columns an output lies beside those whose window
// covers an input; and whether it is of the input's group and image.
func (s *ConvSpec) distance(in, out int) (int, bool) {
	image, channel, y, x := s.In.place(in)
	ofImage, ofChannel, oy, ox := s.Out.place(out)
	depends := image == ofImage && channel/(s.In.C/s.Groups) == ofChannel/(s.Out.C/s.Groups)
	return max(s.beside(0, y, oy, s.Out.H), s.beside(1, x, ox, s.Out.W)), depends
}

// beside is the distance along an axis.
func (s *ConvSpec) beside(axis, in, out, outs int) int {
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
func (s *ConvSpec) merges(in, out int) bool {
	image, channel, _, _ := s.In.place(in)
	ofImage, ofChannel, _, _ := s.Out.place(out)
	g, ok := merge(*s)
	return image == ofImage && ok && channel/g.in == ofChannel/g.out
}

func (d Dims) place(i int) (image, channel, y, x int) {
	return i / d.Plane() / d.C, i / d.Plane() % d.C, i % d.Plane() / d.W, i % d.W
}
