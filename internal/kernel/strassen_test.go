package kernel

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Strassen's algorithm gives what direct convolution gives, for random maps,
// strides, halos and batches, with residuals and activations.
func TestStrassen(t *testing.T) {
	restore := active
	defer func() { active = restore }()
	for isa := AVX2; isa <= best(); isa++ {
		require.NoError(t, Use(isa))
		for seed := range uint64(200) {
			rng := rand.New(rand.NewPCG(seed, 8))
			s := randomPointwise(rng)
			workers := 1 + rng.IntN(3)
			for levels := 1; levels <= 2; levels++ {
				if levels == 1 {
					require.True(t, CanStrassen(s, levels))
				} else if !CanStrassen(s, levels) {
					continue
				}
				worst := compareStrassen(rng, s, levels, workers)
				assert.LessOrEqual(t, worst, 5e-6*float64(levels), "%v, seed %d: %+v", isa, seed, s.In)
			}
		}
	}
}

func randomPointwise(rng *rand.Rand) ConvSpec {
	pick := func(list ...int) int { return list[rng.IntN(len(list))] }
	stride := pick(1, 1, 2, 3)
	out := Dims{1 + rng.IntN(3), pick(64, 128, 192), 1 + rng.IntN(12), 1 + rng.IntN(12)}
	in := Dims{out.N, pick(32, 64, 96, 160), (out.H-1)*stride + 1 + rng.IntN(stride), (out.W-1)*stride + 1 + rng.IntN(stride)}
	s := ConvSpec{
		In: in, Out: out, Groups: 1,
		Geometry: Geometry{Kernel: [2]int{1, 1}, Stride: [2]int{stride, stride}, Dilation: [2]int{1, 1}},
		Epilogue: Epilogue{Residual: rng.IntN(2) == 0, Act: []Act{None, ReLU, LeakyReLU}[rng.IntN(3)], Slope: 0.1},
		Weight:   randomFloats(rng, in.C*out.C),
	}
	if rng.IntN(2) == 0 {
		s.Scale, s.Shift = randomFloats(rng, out.C), randomFloats(rng, out.C)
	}
	return s
}

func randomFloats(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = rng.Float32()*2 - 1
	}
	return x
}

// compareStrassen is the largest difference from direct convolution, relative
// to the largest magnitude.
func compareStrassen(rng *rand.Rand, s ConvSpec, levels, workers int) float64 {
	layout := func() Layout {
		return Layout{Blocked: true, Halo: max(0, rng.IntN(4)-2), Extra: max(0, rng.IntN(4)-2)}
	}
	b := BlockedSpec{ConvSpec: s, InLayout: layout(), OutLayout: layout(), ResidualLayout: layout(), Workers: workers}
	block := func(d Dims, l Layout) []float32 {
		x := Aligned(l.Floats(d))
		run(NewReorder(d, Layout{}, l), &Args{In: [][]float32{randomFloats(rng, d.Len())}, Out: x})
		return x
	}
	in := [][]float32{block(s.In, b.InLayout), block(s.Out, b.ResidualLayout)}
	direct, got := Aligned(b.OutLayout.Floats(s.Out)), randomFloats(rng, b.OutLayout.Floats(s.Out))
	b.Packed = PackConv(s, b.InLayout, Aligned)
	run(NewBlockedConv(b), &Args{In: in, Out: direct})
	b.Packed = PackStrassen(s, levels, Aligned)
	run(NewStrassen(b, levels), &Args{In: in, Out: got})
	return worstDifference(direct, got)
}

// run does all tasks of a kernel.
func run(k Kernel, a *Args) {
	for task := range k.Tasks() {
		k.Do(a, task, Aligned(k.Scratch()))
	}
}

// worstDifference is relative to the largest magnitude.
func worstDifference(want, got []float32) float64 {
	var worst, largest float64
	for i, v := range want {
		largest = max(largest, float64(v), -float64(v))
		worst = max(worst, float64(v-got[i]), float64(got[i]-v))
	}
	return worst / max(largest, 1e-6)
}
