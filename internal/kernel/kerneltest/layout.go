package kerneltest

import (
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// Blocked is a blocked layout with a halo of some pixels and some more.
func Blocked(rng *rand.Rand, halo int) kernel.Layout {
	return kernel.Layout{Blocked: true, Halo: halo + max(0, rng.IntN(4)-2), Extra: max(0, rng.IntN(4)-2)}
}

// Laid is a planar map in another layout.
func Laid(m *Memory, x []float32, d kernel.Dims, l kernel.Layout) []float32 {
	if !l.Blocked {
		return m.With(x)
	}
	out := m.Take(l.Floats(d))
	each(d, l, func(i, j int) { out[j] = x[i] })
	return out
}

// Planar is a map of some layout as a planar one. What lies beside it, the halo
// and channels beyond the last, must be zero.
func Planar(t testing.TB, x []float32, d kernel.Dims, l kernel.Layout, what string) []float32 {
	t.Helper()
	if !l.Blocked {
		return x
	}
	require.Len(t, x, l.Floats(d), what)
	out, left := make([]float32, d.Len()), append([]float32(nil), x...)
	each(d, l, func(i, j int) { out[i], left[j] = x[j], 0 })
	for i, v := range left {
		if v != 0 { // NaN, too
			t.Fatalf("%s: float %d, beside the map, is %v", what, i, v)
		}
	}
	return out
}

// each visits the elements of a map: where they lie planar, and where blocked.
func each(d kernel.Dims, l kernel.Layout, f func(planar, blocked int)) {
	i := 0
	for image := range d.N {
		for c := range d.C {
			for y := range d.H {
				for x := range d.W {
					f(i, l.At(d, image, c/kernel.Block, y, x)+c%kernel.Block)
					i++
				}
			}
		}
	}
}

// Comparison is a planar kernel, the specification, and one between blocked
// layouts, or to a planar one.
type Comparison struct {
	What     string
	In       []kernel.Dims
	Out      kernel.Dims
	Spec     kernel.Kernel
	Blocked  func(in []kernel.Layout, out kernel.Layout) kernel.Kernel
	ToPlanar bool
	// Bound is the difference that may be, as a share of the largest magnitude.
	Bound float64
}

// Check runs both on the same random maps.
func (c *Comparison) Check(t testing.TB, rng *rand.Rand) {
	t.Helper()
	m := NewMemory(t, rng.IntN(2) == 0)
	defer m.Release()
	plain := kernel.Layout{Blocked: true}
	var layouts []kernel.Layout
	var maps, laid [][]float32
	for i, d := range c.In {
		layouts = append(layouts, Pick(rng, plain, Blocked(rng, 0), Blocked(rng, 0)))
		maps = append(maps, m.With(Floats(rng, d.Len())))
		laid = append(laid, Laid(m, maps[i], d, layouts[i]))
	}
	to := Pick(rng, plain, Blocked(rng, 0), Blocked(rng, 0))
	if c.ToPlanar {
		to = kernel.Layout{}
	}
	want, got := m.Take(c.Out.Len()), m.With(Floats(rng, to.Floats(c.Out)))
	Run(t, m, c.Spec, &kernel.Args{In: maps, Out: want})
	Run(t, m, c.Blocked(layouts, to), &kernel.Args{In: laid, Out: got})
	RequireNear(t, Float64(want), Planar(t, got, c.Out, to, c.What), c.Bound, c.What)
}
