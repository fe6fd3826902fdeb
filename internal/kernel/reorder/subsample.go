package reorder

import (
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/rows"
)

// subsample takes every stride-th pixel.
type subsample struct {
	kernel.NoScratch
	in, out kernel.Dims
	stride  [2]int
	kernel.Pieces
}

// NewSubsample returns x[:, :, ::stride, ::stride].
func NewSubsample(in, out kernel.Dims, stride [2]int) kernel.Kernel {
	return &subsample{in: in, out: out, stride: stride, Pieces: kernel.Cut(in.N*in.C, out.Plane())}
}

func (k *subsample) Name() string { return "subsample" }

func (k *subsample) Do(a *kernel.Args, task int, _ []float32) {
	from, to := k.Span(task)
	for i := from; i < to; i++ {
		src, dst := a.In[0][i*k.in.Plane():], a.Out[i*k.out.Plane():]
		for y := range k.out.H {
			line := src[y*k.stride[0]*k.in.W:]
			for x := range k.out.W {
				dst[y*k.out.W+x] = line[x*k.stride[1]]
			}
		}
	}
}

// NewBlockedSubsample returns x[:, :, ::stride, ::stride] between blocked
// layouts.
func NewBlockedSubsample(in, out kernel.Dims, stride [2]int, from, to kernel.Layout) kernel.Kernel {
	axis := func(stride, outs int) []rows.Source {
		sources := make([]rows.Source, outs)
		for o := range sources {
			sources[o] = rows.Stretch(o*stride, 1, 1)
		}
		return sources
	}
	return rows.NewBlend("subsample", in, out, from, to, axis(stride[0], out.H), axis(stride[1], out.W))
}
