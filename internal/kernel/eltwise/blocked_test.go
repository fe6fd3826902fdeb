package eltwise

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/kerneltest"
)

// Blocked maps are what planar ones are.
func TestBlocked(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, isa kernel.ISA) {
		if isa == kernel.Generic {
			t.Skip("no blocked layouts")
		}
		for seed := range uint64(60) {
			rng := rand.New(rand.NewPCG(seed, 31))
			d := kernel.Dims{N: 1 + rng.IntN(2), C: 1 + rng.IntN(40), H: 1 + rng.IntN(9), W: 1 + rng.IntN(9)}
			e := kernel.Epilogue{Act: kernel.Act(rng.IntN(3)), Slope: 0.1, Residual: rng.IntN(2) == 0}
			c := kerneltest.Comparison{What: fmt.Sprintf("seed %d", seed), In: []kernel.Dims{d, d}, Out: d, Bound: 1e-6}
			if e.Residual {
				c.Spec = NewAdd(d.Len(), e.Act, e.Slope)
			} else {
				e.Scale, e.Shift = kerneltest.Floats(rng, d.C), kerneltest.Floats(rng, d.C)
				c.Spec = NewAffine(d, e)
			}
			c.Blocked = func(in []kernel.Layout, out kernel.Layout) kernel.Kernel {
				return NewBlocked("map", d, e, in[0], in[1], out)
			}
			c.Check(t, rng)
		}
	})
}

func TestOnMovingStacks(t *testing.T) {
	d := kernel.Dims{N: 1, C: 16, H: 3, W: 3}
	k := NewAffine(d, kernel.Epilogue{Act: kernel.ReLU})
	a := &kernel.Args{In: [][]float32{make([]float32, d.Len())}, Out: make([]float32, d.Len())}
	kerneltest.OnMovingStacks(t, 2000, func() { k.Do(a, 0, nil) })
}
