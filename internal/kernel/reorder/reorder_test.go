package reorder

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/kerneltest"
)

// Maps of any size go to blocked layouts and come back, element by element.
func TestReorder(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, _ kernel.ISA) {
		for seed := range uint64(100) {
			rng := rand.New(rand.NewPCG(seed, 53))
			d := kernel.Dims{N: 1 + rng.IntN(2), C: 1 + rng.IntN(40), H: 1 + rng.IntN(12), W: 1 + rng.IntN(20)}
			l := kerneltest.Pick(rng, kernel.Layout{Blocked: true}, kerneltest.Blocked(rng, 1))
			m := kerneltest.NewMemory(t, rng.IntN(2) == 0)
			x := m.With(kerneltest.Floats(rng, d.Len()))
			there := &kernel.Args{In: [][]float32{x}, Out: m.With(kerneltest.Floats(rng, l.Floats(d)))}
			kerneltest.Run(t, m, New(d, kernel.Layout{}, l), there)
			require.Equal(t, kerneltest.Laid(m, x, d, l), there.Out, "seed %d", seed)
			back := &kernel.Args{In: [][]float32{there.Out}, Out: m.Take(d.Len())}
			kerneltest.Run(t, m, New(d, l, kernel.Layout{}), back)
			require.Equal(t, x, back.Out, "seed %d", seed)
			m.Release()
		}
	})
}

// Concatenations and every stride-th pixel, planar and blocked.
func TestMoves(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, isa kernel.ISA) {
		if isa == kernel.Generic {
			t.Skip("no blocked layouts")
		}
		for seed := range uint64(60) {
			rng := rand.New(rand.NewPCG(seed, 59))
			a := kernel.Dims{N: 1 + rng.IntN(2), C: 16 * (1 + rng.IntN(3)), H: 1 + rng.IntN(9), W: 1 + rng.IntN(9)}
			b, sum := a, a
			b.C = 1 + rng.IntN(40)
			sum.C = a.C + b.C
			c := kerneltest.Comparison{
				What: fmt.Sprintf("seed %d", seed), In: []kernel.Dims{a, b}, Out: sum,
				Spec: NewConcat(a.N, []int{a.Len() / a.N, b.Len() / b.N}),
				Blocked: func(in []kernel.Layout, out kernel.Layout) kernel.Kernel {
					return NewBlockedConcat([]kernel.Dims{a, b}, in, sum, out)
				},
			}
			c.Check(t, rng)
			stride := [2]int{1 + rng.IntN(3), 1 + rng.IntN(3)}
			few := kernel.Dims{N: b.N, C: b.C, H: kernel.CeilDiv(b.H, stride[0]), W: kernel.CeilDiv(b.W, stride[1])}
			c = kerneltest.Comparison{
				What: c.What, In: []kernel.Dims{b}, Out: few, Spec: NewSubsample(b, few, stride),
				Blocked: func(in []kernel.Layout, out kernel.Layout) kernel.Kernel {
					return NewBlockedSubsample(b, few, stride, in[0], out)
				},
			}
			c.Check(t, rng)
		}
	})
}

// A padded map has the map inside and the value around it.
func TestPad(t *testing.T) {
	for seed := range uint64(40) {
		rng := rand.New(rand.NewPCG(seed, 61))
		s := PadSpec{In: kernel.Dims{N: 2, C: 1 + rng.IntN(4), H: 1 + rng.IntN(5), W: 1 + rng.IntN(5)}, Front: rng.IntN(3), Top: rng.IntN(3), Left: rng.IntN(3), Value: 7}
		s.Out = kernel.Dims{N: 2, C: s.In.C + s.Front + rng.IntN(3), H: s.In.H + s.Top + rng.IntN(3), W: s.In.W + s.Left + rng.IntN(3)}
		m := kerneltest.NewMemory(t, rng.IntN(2) == 0)
		a := &kernel.Args{In: [][]float32{m.With(kerneltest.Floats(rng, s.In.Len()))}, Out: m.Take(s.Out.Len())}
		kerneltest.Run(t, m, NewPad(s), a)
		for i, v := range a.Out {
			c, y, x := i/s.Out.Plane()%s.Out.C-s.Front, i/s.Out.W%s.Out.H-s.Top, i%s.Out.W-s.Left
			want := s.Value
			if c >= 0 && c < s.In.C && y >= 0 && y < s.In.H && x >= 0 && x < s.In.W {
				want = a.In[0][((i/s.Out.Plane()/s.Out.C*s.In.C+c)*s.In.H+y)*s.In.W+x]
			}
			require.Equal(t, want, v, "seed %d, element %d", seed, i)
		}
		m.Release()
	}
}

func BenchmarkReorder(b *testing.B) {
	planar := kernel.Layout{}
	for _, c := range []struct {
		dims    kernel.Dims
		blocked kernel.Layout
	}{
		{kernel.Dims{N: 1, C: 256, H: 56, W: 56}, kernel.Layout{Blocked: true, Halo: 1}},
		{kernel.Dims{N: 1, C: 2048, H: 7, W: 7}, kernel.Layout{Blocked: true}},
	} {
		name := fmt.Sprintf("%dx%dx%d", c.dims.C, c.dims.H, c.dims.W)
		b.Run("to blocked/"+name, func(b *testing.B) {
			kerneltest.Benchmark(b, New(c.dims, planar, c.blocked), 0, c.blocked.Floats(c.dims), c.dims.Len())
		})
		b.Run("to planar/"+name, func(b *testing.B) {
			kerneltest.Benchmark(b, New(c.dims, c.blocked, planar), 0, c.dims.Len(), c.blocked.Floats(c.dims))
		})
	}
}
