package eltwise

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/kerneltest"
)

// Elementwise kernels on planar maps of any size are what they say, for every
// activation, in place or not; NaN and infinities are PyTorch's.
func TestElementwise(t *testing.T) {
	reference := map[kernel.Act]func(v, slope float64) float64{
		kernel.None:      func(v, _ float64) float64 { return v },
		kernel.ReLU:      func(v, _ float64) float64 { return math.Max(v, 0) },
		kernel.LeakyReLU: func(v, slope float64) float64 { return math.Max(v, 0) + slope*math.Min(v, 0) },
		kernel.Sigmoid:   func(v, _ float64) float64 { return 1 / (1 + math.Exp(-v)) },
	}
	kerneltest.EachISA(t, func(t *testing.T, _ kernel.ISA) {
		for seed := range uint64(200) {
			rng := rand.New(rand.NewPCG(seed, 12))
			d := kernel.Dims{N: 1 + rng.IntN(2), C: 1 + rng.IntN(5), H: 1 + rng.IntN(40), W: 1 + rng.IntN(40)}
			act, slope := kernel.Act(rng.IntN(4)), []float32{0.1, 1, 2, -0.5}[rng.IntN(4)]
			x, y := kerneltest.Floats(rng, d.Len()), kerneltest.Floats(rng, d.Len())
			for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
				x[rng.IntN(len(x))] = float32(v)
			}
			scale, shift := kerneltest.Floats(rng, d.C), kerneltest.Floats(rng, d.C)
			var k kernel.Kernel
			want := make([]float64, d.Len())
			kind := rng.IntN(3)
			for i, v := range x {
				sum := float64(v)
				switch c := i / d.Plane() % d.C; kind {
				case 0:
					sum = float64(v)*float64(scale[c]) + float64(shift[c])
				case 1:
					sum = float64(v + y[i])
				}
				want[i] = reference[act](sum, float64(slope))
			}
			switch kind {
			case 0:
				k = NewAffine(d, kernel.Epilogue{Scale: scale, Shift: shift, Act: act, Slope: slope})
			case 1:
				k = NewAdd(d.Len(), act, slope)
			default:
				k = NewActivation(d.Len(), act, slope)
			}
			m := kerneltest.NewMemory(t, rng.IntN(2) == 0)
			a := &kernel.Args{In: [][]float32{m.With(x), m.With(y)}, Out: m.Take(d.Len())}
			if rng.IntN(2) == 0 {
				a.Out = a.In[0]
			}
			kerneltest.Run(t, m, k, a)
			for i, w := range want {
				what := fmt.Sprintf("seed %d, %s, act %d, slope %v, element %d", seed, k.Name(), act, slope, i)
				switch got := float64(a.Out[i]); {
				case math.IsNaN(w):
					assert.True(t, math.IsNaN(got), what)
				case math.IsInf(w, 0):
					assert.Equal(t, w, got, what)
				default:
					assert.InDelta(t, w, got, 1e-6, what)
				}
			}
			m.Release()
		}
	})
}

func BenchmarkElementwise(b *testing.B) {
	d := kernel.Dims{N: 1, C: 256, H: 56, W: 56}
	e := kernel.Epilogue{Scale: make([]float32, d.C), Shift: make([]float32, d.C), Act: kernel.ReLU}
	b.Run("affine", func(b *testing.B) { kerneltest.Benchmark(b, NewAffine(d, e), 0, d.Len(), d.Len()) })
	b.Run("add", func(b *testing.B) {
		kerneltest.Benchmark(b, NewAdd(d.Len(), kernel.ReLU, 0), 0, d.Len(), d.Len(), d.Len())
	})
	b.Run("relu", func(b *testing.B) {
		kerneltest.Benchmark(b, NewActivation(d.Len(), kernel.ReLU, 0), 0, d.Len(), d.Len())
	})
}
