package resize

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/kerneltest"
)

// naive is the definition in float64, of a size that the caller gave.
func naive(s Spec, x []float32) []float64 {
	out := make([]float64, s.Out.Len())
	at := func(o, in, outs int) (a, b int, wb float64) {
		switch {
		case !s.Bilinear:
			a = min(o*in/outs, in-1)
			return a, a, 0
		case s.AlignCorners && outs == 1:
			return 0, 0, 0
		}
		src := math.Max(0, float64(in)/float64(outs)*(float64(o)+0.5)-0.5)
		if s.AlignCorners {
			src = float64(o) * float64(in-1) / float64(outs-1)
		}
		a = min(int(src), in-1)
		return a, min(a+1, in-1), src - float64(a)
	}
	for i := range out {
		ay, by, wy := at(i/s.Out.W%s.Out.H, s.In.H, s.Out.H)
		ax, bx, wx := at(i%s.Out.W, s.In.W, s.Out.W)
		v := func(y, x2 int) float64 { return float64(x[i/s.Out.Plane()*s.In.Plane()+y*s.In.W+x2]) }
		out[i] = (1-wy)*((1-wx)*v(ay, ax)+wx*v(ay, bx)) + wy*((1-wx)*v(by, ax)+wx*v(by, bx))
	}
	return out
}

// Interpolations of any sizes, planar and blocked, are what their definition
// says.
func TestResize(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, isa kernel.ISA) {
		for seed := range uint64(120) {
			rng := rand.New(rand.NewPCG(seed, 41))
			s := Spec{Bilinear: rng.IntN(3) > 0, AlignCorners: rng.IntN(2) == 0}
			s.In = kernel.Dims{N: 1 + rng.IntN(2), C: 1 + rng.IntN(20), H: 1 + rng.IntN(12), W: 1 + rng.IntN(12)}
			s.Out = kernel.Dims{N: s.In.N, C: s.In.C, H: 1 + rng.IntN(12), W: 1 + rng.IntN(12)}
			what := fmt.Sprintf("seed %d: %+v", seed, s)
			m := kerneltest.NewMemory(t, rng.IntN(2) == 0)
			x := m.With(kerneltest.Floats(rng, s.In.Len()))
			a := &kernel.Args{In: [][]float32{x}, Out: m.Take(s.Out.Len())}
			kerneltest.Run(t, m, New(s), a)
			if s.Bilinear { // float32 may take the neighbour where nearest is between two
				kerneltest.RequireNear(t, naive(s, x), a.Out, 1e-5, what)
			}
			m.Release()
			if isa == kernel.Generic {
				continue
			}
			c := kerneltest.Comparison{
				What: what, In: []kernel.Dims{s.In}, Out: s.Out, Bound: 1e-6, Spec: New(s),
				Blocked: func(in []kernel.Layout, out kernel.Layout) kernel.Kernel { return NewBlocked(s, in[0], out) },
			}
			c.Check(t, rng)
		}
	})
}
