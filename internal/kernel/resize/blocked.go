package resize

import (
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/rows"
)

// NewBlocked returns an interpolation between blocked layouts.
func NewBlocked(s Spec, in, out kernel.Layout) kernel.Kernel {
	axis := func(list []Sample) []rows.Source {
		sources := make([]rows.Source, len(list))
		for i, x := range list {
			sources[i] = rows.Source{Pixels: []int{x.A, x.B}, Weights: []float32{x.WA, x.WB}}
			if x.A == x.B && x.WB == 0 {
				sources[i] = rows.Source{Pixels: []int{x.A}, Weights: []float32{1}}
			}
		}
		return sources
	}
	ys, xs := axis(s.samples(s.In.H, s.Out.H, s.Scale[0])), axis(s.samples(s.In.W, s.Out.W, s.Scale[1]))
	name := "resize.nearest"
	if s.Bilinear {
		name = "resize.bilinear"
	}
	return rows.NewBlend(name, s.In, s.Out, in, out, ys, xs)
}
