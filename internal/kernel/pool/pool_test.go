package pool

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/kerneltest"
)

func randomPool(rng *rand.Rand) Spec {
	pair := func(list ...int) [2]int { return [2]int{kerneltest.Pick(rng, list...), kerneltest.Pick(rng, list...)} }
	s := Spec{CountIncludePad: rng.IntN(2) == 0, Geometry: kernel.Geometry{Kernel: pair(1, 2, 3, 5), Stride: pair(1, 2, 3), Dilation: [2]int{1, 1}}}
	s.Padding = [2]int{rng.IntN(s.Kernel[0]/2 + 1), rng.IntN(s.Kernel[1]/2 + 1)}
	s.In = kernel.Dims{N: 1 + rng.IntN(2), C: 1 + rng.IntN(40), H: 5 + rng.IntN(12), W: 5 + rng.IntN(12)}
	s.Out = kernel.Dims{N: s.In.N, C: s.In.C, H: (s.In.H+2*s.Padding[0]-s.Kernel[0])/s.Stride[0] + 1, W: (s.In.W+2*s.Padding[1]-s.Kernel[1])/s.Stride[1] + 1}
	return s
}

// naive is the definition of a pool, in float64.
func naive(s Spec, largest bool, x []float32) []float64 {
	out := make([]float64, s.Out.Len())
	for i := range out {
		oy, ox := i/s.Out.W%s.Out.H, i%s.Out.W
		best, sum, inside := math.Inf(-1), 0.0, 0
		for ky := range s.Kernel[0] {
			for kx := range s.Kernel[1] {
				y, xx := oy*s.Stride[0]-s.Padding[0]+ky, ox*s.Stride[1]-s.Padding[1]+kx
				if y >= 0 && y < s.In.H && xx >= 0 && xx < s.In.W {
					v := float64(x[i/s.Out.Plane()*s.In.Plane()+y*s.In.W+xx])
					best, sum, inside = math.Max(best, v), sum+v, inside+1
				}
			}
		}
		if s.CountIncludePad {
			inside = s.Kernel[0] * s.Kernel[1]
		}
		if out[i] = sum / float64(inside); largest {
			out[i] = best
		}
	}
	return out
}

// Pools of any window, planar and blocked, are what their definition says.
func TestPools(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, isa kernel.ISA) {
		for seed := range uint64(100) {
			rng := rand.New(rand.NewPCG(seed, 43))
			s := randomPool(rng)
			largest := rng.IntN(2) == 0
			spec, blocked := NewAverage(s), NewBlockedAverage
			if largest {
				spec, blocked = NewMax(s), NewBlockedMax
			}
			what := fmt.Sprintf("seed %d: %s %+v", seed, spec.Name(), s)
			m := kerneltest.NewMemory(t, rng.IntN(2) == 0)
			x := m.With(kerneltest.Floats(rng, s.In.Len()))
			a := &kernel.Args{In: [][]float32{x}, Out: m.Take(s.Out.Len())}
			kerneltest.Run(t, m, spec, a)
			kerneltest.RequireNear(t, naive(s, largest, x), a.Out, 1e-6, what)
			m.Release()
			if isa == kernel.Generic {
				continue
			}
			c := kerneltest.Comparison{
				What: what, In: []kernel.Dims{s.In}, Out: s.Out, Bound: 1e-6, Spec: spec,
				Blocked: func(in []kernel.Layout, out kernel.Layout) kernel.Kernel { return blocked(s, in[0], out) },
			}
			c.Check(t, rng)
		}
	})
}

// Averages over windows that tile the map: from a blocked map to a blocked and
// to a planar one.
func TestAdaptive(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, isa kernel.ISA) {
		if isa == kernel.Generic {
			t.Skip("no blocked layouts")
		}
		for seed := range uint64(60) {
			rng := rand.New(rand.NewPCG(seed, 47))
			in := kernel.Dims{N: 1 + rng.IntN(2), C: 1 + rng.IntN(40), H: 1 + rng.IntN(12), W: 1 + rng.IntN(12)}
			out := kernel.Dims{N: in.N, C: in.C, H: 1 + rng.IntN(4), W: 1 + rng.IntN(4)}
			c := kerneltest.Comparison{What: fmt.Sprintf("seed %d", seed), In: []kernel.Dims{in}, Out: out, Bound: 1e-6, Spec: NewAdaptive(in, out)}
			c.Blocked = func(from []kernel.Layout, to kernel.Layout) kernel.Kernel {
				return NewBlockedAdaptive(in, out, from[0], to)
			}
			c.Check(t, rng)
			c.ToPlanar = true
			c.Blocked = func(from []kernel.Layout, _ kernel.Layout) kernel.Kernel {
				return NewAdaptiveToPlanar(in, out, from[0])
			}
			c.Check(t, rng)
		}
	})
}

func BenchmarkPool(b *testing.B) {
	in, out := kernel.Dims{N: 1, C: 64, H: 112, W: 112}, kernel.Dims{N: 1, C: 64, H: 56, W: 56}
	spec := Spec{In: in, Out: out, Geometry: kernel.Geometry{
		Kernel: [2]int{3, 3}, Stride: [2]int{2, 2}, Padding: [2]int{1, 1}, Dilation: [2]int{1, 1},
	}}
	last, one := kernel.Dims{N: 1, C: 2048, H: 7, W: 7}, kernel.Dims{N: 1, C: 2048, H: 1, W: 1}
	plain := kernel.Layout{Blocked: true}
	b.Run("max/planar", func(b *testing.B) { kerneltest.Benchmark(b, NewMax(spec), 0, out.Len(), in.Len()) })
	b.Run("global/planar", func(b *testing.B) {
		kerneltest.Benchmark(b, NewAdaptive(last, one), 0, one.Len(), last.Len())
	})
	if !kernel.Blocked() {
		return
	}
	b.Run("max/blocked", func(b *testing.B) {
		kerneltest.Benchmark(b, NewBlockedMax(spec, plain, plain), 0, plain.Floats(out), plain.Floats(in))
	})
	b.Run("average/blocked", func(b *testing.B) {
		kerneltest.Benchmark(b, NewBlockedAverage(spec, plain, plain), 0, plain.Floats(out), plain.Floats(in))
	})
	b.Run("global/blocked", func(b *testing.B) {
		kerneltest.Benchmark(b, NewAdaptiveToPlanar(last, one, plain), 0, one.Len(), plain.Floats(last))
	})
}
