package linear

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/kerneltest"
)

// Layers of any size, of one row and of many, are what the definition says.
func TestLinear(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, isa kernel.ISA) {
		names := map[string]bool{}
		for seed := range uint64(100) {
			rng := rand.New(rand.NewPCG(seed, 67))
			s := Spec{
				Batch: kerneltest.Pick(rng, 1, 1, 2, 3, 4, 7, 40), In: kerneltest.Pick(rng, 1, 3, 16, 17, 48, 256), Out: 1 + rng.IntN(70), ISA: isa,
				Epilogue: kernel.Epilogue{Act: kernel.Act(rng.IntN(4)), Slope: 0.1},
			}
			s.Shift = kerneltest.Floats(rng, s.Out)
			m := kerneltest.NewMemory(t, rng.IntN(2) == 0)
			s.Weight = m.With(kerneltest.Floats(rng, s.In*s.Out))
			x := m.With(kerneltest.Floats(rng, s.Batch*s.In))
			k := New(s)
			if CanTile(s) {
				k = NewTiled(s, Pack(s, m.Take), 1+rng.IntN(3))
			}
			names[k.Name()] = true
			a := &kernel.Args{In: [][]float32{x}, Out: m.Take(s.Batch * s.Out)}
			kerneltest.Run(t, m, k, a)
			// The naive convolution has its rows for images.
			c := kernel.ConvSpec{
				In: kernel.Dims{N: s.Batch, C: s.In, H: 1, W: 1}, Out: kernel.Dims{N: s.Batch, C: s.Out, H: 1, W: 1}, Groups: 1, Weight: s.Weight, Epilogue: s.Epilogue,
				Geometry: kernel.Geometry{Kernel: [2]int{1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}},
			}
			kerneltest.RequireNear(t, kerneltest.NaiveConv(c, x, nil), a.Out, 1e-5, fmt.Sprintf("seed %d: %s %+v", seed, k.Name(), c.In))
			m.Release()
		}
		want := map[string]bool{"linear.gemm": true}
		if isa != kernel.Generic {
			want["linear.tiled."+isa.String()] = true
		}
		assert.Equal(t, want, names)
	})
}

func BenchmarkLinear(b *testing.B) {
	for _, batch := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("2048x1000/batch=%d", batch), func(b *testing.B) {
			s := Spec{Batch: batch, In: 2048, Out: 1000, Weight: kernel.Aligned(2048 * 1000), ISA: kernel.Active()}
			s.Shift = make([]float32, s.Out)
			kernel.Fill(s.Weight, 0.01)
			k := New(s)
			if CanTile(s) {
				k = NewTiled(s, Pack(s, kernel.Aligned), 1)
			}
			kerneltest.Benchmark(b, k, batch*s.In*s.Out, batch*s.Out, batch*s.In)
		})
	}
}
