package resize

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/kerneltest"
)

// A pixel that is no number shows where PyTorch lets it: in all that its taps
// reach, those of weight zero included, but along an axis that keeps its length
// in its own line alone. Blocked or not, the rest keeps its bits.
func TestResizeSpreadsNaNAsPyTorchDoes(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, isa kernel.ISA) {
		for seed := range uint64(300) {
			rng := rand.New(rand.NewPCG(seed, 13))
			in := kernel.Dims{N: 1, C: 16, H: 1 + rng.IntN(9), W: 1 + rng.IntN(9)}
			s := Spec{In: in, Out: kernel.Dims{N: 1, C: 16, H: 1 + rng.IntN(20), W: 1 + rng.IntN(20)}, Bilinear: rng.IntN(4) > 0, AlignCorners: rng.IntN(2) == 0}
			if rng.IntN(3) == 0 {
				s.Out.H = in.H
			}
			if rng.IntN(3) == 0 {
				s.Out.W = in.W
			}
			x := kerneltest.Floats(rng, in.Len())
			y, c := rng.IntN(in.H), rng.IntN(in.W)
			poisoned := append([]float32(nil), x...)
			poisoned[(3*in.H+y)*in.W+c] = float32(math.NaN())
			for name, resize := range resizers(t, s, isa) {
				clean, got := resize(x), resize(poisoned)
				for i, v := range clean {
					ch, oy, ox := i/s.Out.Plane(), i%s.Out.Plane()/s.Out.W, i%s.Out.W
					what := fmt.Sprintf("%s, seed %d: %+v, NaN at %d, %d, output %d, %d", name, seed, s, y, c, oy, ox)
					if ch == 3 && reaches(s, y, oy, in.H, s.Out.H) && reaches(s, c, ox, in.W, s.Out.W) {
						require.True(t, got[i] != got[i], what)
						continue
					}
					require.Equal(t, math.Float32bits(v), math.Float32bits(got[i]), what)
				}
			}
		}
	})
}

// resizers are the kernels for planar and, where there are any, blocked maps.
func resizers(t *testing.T, s Spec, isa kernel.ISA) map[string]func(x []float32) []float32 {
	run := func(k kernel.Kernel, x []float32, from, to kernel.Layout) []float32 {
		m := kerneltest.NewMemory(t, false)
		defer m.Release()
		a := &kernel.Args{In: [][]float32{kerneltest.Laid(m, x, s.In, from)}, Out: m.Take(to.Floats(s.Out))}
		kerneltest.Run(t, m, k, a)
		return append([]float32(nil), kerneltest.Planar(t, a.Out, s.Out, to, k.Name())...)
	}
	list := map[string]func(x []float32) []float32{"planar": func(x []float32) []float32 {
		return run(New(s), x, kernel.Layout{}, kernel.Layout{})
	}}
	if isa != kernel.Generic {
		blocked := kernel.Layout{Blocked: true, Halo: 1}
		list["blocked"] = func(x []float32) []float32 { return run(NewBlocked(s, blocked, blocked), x, blocked, blocked) }
	}
	return list
}

// reaches tells whether PyTorch multiplies a pixel of a line for an output.
func reaches(s Spec, pixel, output, in, out int) bool {
	scale := float32(in) / float32(out)
	at := (float32(output)+0.5)*scale - 0.5
	switch {
	case in == out && s.Bilinear:
		return pixel == output
	case !s.Bilinear:
		return pixel == min(int(float32(output)*scale), in-1)
	case s.AlignCorners:
		scale = 0
		if out > 1 {
			scale = float32(in-1) / float32(out-1)
		}
		at = float32(output) * scale
	}
	low := int(max(at, 0))
	return pixel == low || pixel == min(low+1, in-1)
}

// An axis that keeps its length is copied whatever the factor is.
func TestResizeKeepsAnAxis(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, isa kernel.ISA) {
		dims := kernel.Dims{N: 1, C: 16, H: 1, W: 8}
		x := kerneltest.Floats(rand.New(rand.NewPCG(1, 14)), dims.Len())
		for name, resize := range resizers(t, Spec{In: dims, Out: dims, Bilinear: true, Scale: [2]float64{1.1, 1.1}}, isa) {
			assert.Equal(t, x, resize(x), name)
		}
	})
}
