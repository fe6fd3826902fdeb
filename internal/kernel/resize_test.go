package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A pixel that is no number shows where PyTorch lets it: in all that its taps
// reach, those of weight zero included, but along an axis that keeps its length
// in its own line alone. Blocked or not, the rest keeps its bits.
func TestResizeSpreadsNaNAsPyTorchDoes(t *testing.T) {
	restore := active
	defer func() { active = restore }()
	for isa := Generic; isa <= best(); isa++ {
		require.NoError(t, Use(isa))
		for seed := range uint64(300) {
			rng := rand.New(rand.NewPCG(seed, 13))
			in := Dims{1, 16, 1 + rng.IntN(9), 1 + rng.IntN(9)}
			s := ResizeSpec{In: in, Out: Dims{1, 16, 1 + rng.IntN(20), 1 + rng.IntN(20)}, Bilinear: rng.IntN(4) > 0, AlignCorners: rng.IntN(2) == 0}
			if rng.IntN(3) == 0 {
				s.Out.H = in.H
			}
			if rng.IntN(3) == 0 {
				s.Out.W = in.W
			}
			x := randomFloats(rng, in.Len())
			y, c := rng.IntN(in.H), rng.IntN(in.W)
			poisoned := append([]float32(nil), x...)
			poisoned[(3*in.H+y)*in.W+c] = float32(math.NaN())
			for name, resize := range resizers(s) {
				clean, got := resize(x), resize(poisoned)
				for i, v := range clean {
					ch, oy, ox := i/s.Out.Plane(), i%s.Out.Plane()/s.Out.W, i%s.Out.W
					what := fmt.Sprintf("%v %s, seed %d: %+v, NaN at %d, %d, output %d, %d", isa, name, seed, s, y, c, oy, ox)
					if ch == 3 && s.reaches(y, oy, in.H, s.Out.H) && s.reaches(c, ox, in.W, s.Out.W) {
						require.True(t, got[i] != got[i], what)
						continue
					}
					require.Equal(t, math.Float32bits(v), math.Float32bits(got[i]), what)
				}
			}
		}
	}
}

// resizers are the kernels for planar and, where there are any, blocked maps.
func resizers(s ResizeSpec) map[string]func(x []float32) []float32 {
	list := map[string]func(x []float32) []float32{"planar": func(x []float32) []float32 {
		out := make([]float32, s.Out.Len())
		run(NewResize(s), &Args{In: [][]float32{x}, Out: out})
		return out
	}}
	if active == Generic {
		return list
	}
	list["blocked"] = func(x []float32) []float32 {
		from, to := Layout{Blocked: true, Halo: 1}, Layout{Blocked: true, Halo: 1}
		blocked, result, out := Aligned(from.Floats(s.In)), Aligned(to.Floats(s.Out)), make([]float32, s.Out.Len())
		run(NewReorder(s.In, Layout{}, from), &Args{In: [][]float32{x}, Out: blocked})
		run(NewBlockedResize(s, from, to), &Args{In: [][]float32{blocked}, Out: result})
		run(NewReorder(s.Out, to, Layout{}), &Args{In: [][]float32{result}, Out: out})
		return out
	}
	return list
}

// reaches tells whether PyTorch multiplies a pixel of a line for an output.
func (s ResizeSpec) reaches(pixel, output, in, out int) bool {
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
	dims := Dims{1, 16, 1, 8}
	x := randomFloats(rand.New(rand.NewPCG(1, 14)), dims.Len())
	for name, resize := range resizers(ResizeSpec{In: dims, Out: dims, Bilinear: true, Scale: [2]float64{1.1, 1.1}}) {
		assert.Equal(t, x, resize(x), name)
	}
}
