package norm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/kerneltest"
)

// naiveGroup is the definition, in float64.
func naiveGroup(s GroupSpec, x []float32) []float64 {
	out := make([]float64, len(x))
	n := s.Dims.C / s.Groups * s.Dims.Plane()
	for g := 0; g < len(x); g += n {
		var mean, variance float64
		for _, v := range x[g : g+n] {
			mean += float64(v) / float64(n)
		}
		for _, v := range x[g : g+n] {
			variance += (float64(v) - mean) * (float64(v) - mean) / float64(n)
		}
		for i := g; i < g+n; i++ {
			c := i / s.Dims.Plane() % s.Dims.C
			y := (float64(x[i])-mean)/math.Sqrt(variance+s.Eps)*float64(s.Weight[c]) + float64(s.Bias[c])
			switch s.Act {
			case kernel.ReLU:
				y = math.Max(y, 0)
			case kernel.LeakyReLU:
				y = math.Max(y, 0) + float64(s.Slope)*math.Min(y, 0)
			}
			out[i] = y
		}
	}
	return out
}

// Group normalisations, planar and blocked, are what their definition says.
func TestGroup(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, isa kernel.ISA) {
		for seed := range uint64(80) {
			rng := rand.New(rand.NewPCG(seed, 37))
			groups := kerneltest.Pick(rng, 1, 2, 4, 8)
			s := GroupSpec{
				Groups: groups, Eps: 1e-5, Act: kernel.Act(rng.IntN(3)), Slope: 0.1,
				Dims: kernel.Dims{N: 1 + rng.IntN(2), C: groups * kerneltest.Pick(rng, 1, 2, 4, 8, 16, 32, 3), H: 1 + rng.IntN(9), W: 2 + rng.IntN(9)},
			}
			s.Weight, s.Bias = kerneltest.Floats(rng, s.Dims.C), kerneltest.Floats(rng, s.Dims.C)
			what := fmt.Sprintf("seed %d: %v, %d groups", seed, s.Dims, groups)
			m := kerneltest.NewMemory(t, rng.IntN(2) == 0)
			x := m.With(kerneltest.Floats(rng, s.Dims.Len()))
			a := &kernel.Args{In: [][]float32{x}, Out: m.Take(len(x))}
			kerneltest.Run(t, m, NewGroup(s), a)
			kerneltest.RequireNear(t, naiveGroup(s, x), a.Out, 1e-5, what)
			m.Release()
			if isa == kernel.Generic || !CanBlockGroup(s.Dims.C, groups) {
				continue
			}
			c := kerneltest.Comparison{
				What: what, In: []kernel.Dims{s.Dims}, Out: s.Dims, Bound: 1e-4, Spec: NewGroup(s),
				Blocked: func(in []kernel.Layout, out kernel.Layout) kernel.Kernel { return NewBlockedGroup(s, in[0], out) },
			}
			c.Check(t, rng)
		}
	})
}
