package kernel

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every tile size gives what direct convolution gives, for random maps, groups
// and dilations, with residuals and activations.
func TestWinogradTiles(t *testing.T) {
	restore := active
	defer func() { active = restore }()
	for isa := AVX2; isa <= best(); isa++ {
		require.NoError(t, Use(isa))
		for seed := range uint64(60) {
			rng := rand.New(rand.NewPCG(seed, 7))
			s, in := randomWinograd(rng)
			for _, tile := range []int{2, 3, 4, 6} {
				bound := map[int]float64{2: 1e-5, 3: 2e-5, 4: 2e-5, 6: 6e-5}[tile]
				worst := compareWinograd(s, in, tile, 1+rng.IntN(3))
				assert.LessOrEqual(t, worst, bound, "%v, F(%d), seed %d: %+v", isa, tile, seed, s.In)
			}
		}
	}
}

func randomWinograd(rng *rand.Rand) (ConvSpec, []float32) {
	pick := func(list ...int) int { return list[rng.IntN(len(list))] }
	d, groups := pick(1, 1, 1, 2, 3, 5), pick(1, 1, 2)
	c := pick(16, 32, 48) * groups
	h, w := 1+rng.IntN(23), 1+rng.IntN(23)
	dims := Dims{1 + rng.IntN(2), c, h, w}
	s := ConvSpec{
		In: dims, Out: dims, Groups: groups,
		Geometry: Geometry{Kernel: [2]int{3, 3}, Stride: [2]int{1, 1}, Padding: [2]int{d, d}, Dilation: [2]int{d, d}},
		Epilogue: Epilogue{Residual: rng.IntN(2) == 0, Act: []Act{None, ReLU, LeakyReLU}[rng.IntN(3)], Slope: 0.1},
	}
	s.Weight = randomFloats(rng, c*c/groups*9)
	return s, randomFloats(rng, dims.Len())
}

// compareWinograd is the largest difference from direct convolution, relative
// to the largest magnitude.
func compareWinograd(s ConvSpec, in []float32, tile, workers int) float64 {
	layout := Layout{Blocked: true, Halo: s.Padding[0]}
	layout.Extra = WinogradExtra(s, tile, layout.Halo)
	out := Layout{Blocked: true, Halo: 1}
	blocked := Aligned(layout.Floats(s.In))
	run(NewReorder(s.In, Layout{}, layout), &Args{In: [][]float32{in}, Out: blocked})
	b := BlockedSpec{ConvSpec: s, InLayout: layout, OutLayout: out, ResidualLayout: out, Workers: workers}
	residual := Aligned(out.Floats(s.Out))
	run(NewReorder(s.In, Layout{}, out), &Args{In: [][]float32{in}, Out: residual})
	direct, got := Aligned(out.Floats(s.Out)), Aligned(out.Floats(s.Out))
	b.Packed = PackConv(s, layout, Aligned)
	run(NewBlockedConv(b), &Args{In: [][]float32{blocked, residual}, Out: direct})
	b.Packed = PackWinograd(s, tile, Aligned)
	run(NewWinograd(b, tile), &Args{In: [][]float32{blocked, residual}, Out: got})
	return worstDifference(direct, got)
}
