package softmax

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/kerneltest"
)

// naiveSoftmax is the definition, in float64.
func naiveSoftmax(d kernel.Dims, x []float32) []float64 {
	out := make([]float64, d.Len())
	for image := range d.N {
		for p := range d.Plane() {
			at := func(c int) int { return (image*d.C+c)*d.Plane() + p }
			top, sum := math.Inf(-1), 0.0
			for c := range d.C {
				top = math.Max(top, float64(x[at(c)]))
			}
			for c := range d.C {
				sum += math.Exp(float64(x[at(c)]) - top)
			}
			for c := range d.C {
				out[at(c)] = math.Exp(float64(x[at(c)])-top) / sum
			}
		}
	}
	return out
}

// requireSoftmax allows 5e-7 of each value and what the difference from the top,
// its logarithm, loses by rounding to float32. What would be a denormal may be 0.
func requireSoftmax(t *testing.T, want []float64, got []float32, what string) {
	t.Helper()
	for i, w := range want {
		g := float64(got[i])
		ok := math.Abs(g-w) <= w*(5e-7-1.2e-7*math.Log(math.Max(w, 1e-300)))+1.2e-38
		if math.IsNaN(w) {
			ok = math.IsNaN(g)
		}
		require.True(t, ok, "%s: element %d is %g, want %g", what, i, g, w)
	}
}

// Softmaxes of random shapes, in place or not, are what their definition says;
// among the values are huge and infinite ones and NaN.
func TestSoftmax(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, _ kernel.ISA) {
		for seed := range uint64(300) {
			rng := rand.New(rand.NewPCG(seed, 11))
			pick := func(list ...int) int { return kerneltest.Pick(rng, list...) }
			d := kernel.Dims{N: 1 + rng.IntN(3), C: pick(1, 2, 7, 16, 21, 100, 1000), H: pick(1, 1, 2, 5, 33), W: pick(1, 1, 3, 8, 47)}
			x, scale := kerneltest.Floats(rng, d.Len()), float32(pick(1, 10, 200))
			for i := range x {
				x[i] *= scale
			}
			if rng.IntN(2) == 0 {
				special := []float64{math.NaN(), math.Inf(1), math.Inf(-1), math.Inf(-1), -3e38, 3e38, 0}
				for range 1 + rng.IntN(4) {
					x[rng.IntN(len(x))] = float32(special[rng.IntN(len(special))])
				}
			}
			want := naiveSoftmax(d, x)
			m := kerneltest.NewMemory(t, rng.IntN(2) == 0)
			a := &kernel.Args{In: [][]float32{m.With(x)}, Out: m.Take(d.Len())}
			if rng.IntN(2) == 0 {
				a.Out = a.In[0]
			}
			kerneltest.Run(t, m, New(d), a)
			requireSoftmax(t, want, a.Out, fmt.Sprintf("seed %d: %v", seed, d))
			m.Release()
		}
	})
}

// A column of nothing but minus infinity is all NaN, as in PyTorch.
func TestSoftmaxOfNothing(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, _ kernel.ISA) {
		for _, d := range []kernel.Dims{{N: 1, C: 5, H: 1, W: 1}, {N: 1, C: 5, H: 4, W: 4}} {
			x := make([]float32, d.Len())
			kernel.Fill(x, float32(math.Inf(-1)))
			a := &kernel.Args{In: [][]float32{x}, Out: make([]float32, d.Len())}
			kerneltest.Run(t, kerneltest.NewMemory(t, false), New(d), a)
			requireSoftmax(t, naiveSoftmax(d, x), a.Out, fmt.Sprint(d))
		}
	})
}

func BenchmarkSoftmax(b *testing.B) {
	for _, d := range []kernel.Dims{{N: 1, C: 1000, H: 1, W: 1}, {N: 64, C: 1000, H: 1, W: 1}, {N: 1, C: 21, H: 512, W: 512}, {N: 1, C: 150, H: 128, W: 128}} {
		b.Run(fmt.Sprintf("%dx%dx%dx%d", d.N, d.C, d.H, d.W), func(b *testing.B) {
			kerneltest.Benchmark(b, New(d), 0, d.Len(), d.Len())
		})
	}
}
