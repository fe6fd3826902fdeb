package pool

import (
	"unsafe"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/rows"
)

// NewBlockedAverage returns an average pool between blocked layouts.
func NewBlockedAverage(s Spec, in, out kernel.Layout) kernel.Kernel {
	axis := func(axis, extent, outs int) []rows.Source {
		sources := make([]rows.Source, outs)
		for o := range sources {
			first, count := s.clipped(axis, o, extent)
			divisor := count
			if s.CountIncludePad {
				divisor = s.padded(axis, o, extent)
			}
			sources[o] = rows.Stretch(first, count, divisor)
		}
		return sources
	}
	return rows.NewBlend("avgpool", s.In, s.Out, in, out, axis(0, s.In.H, s.Out.H), axis(1, s.In.W, s.Out.W))
}

// NewBlockedAdaptive returns an adaptive average pool between blocked
// layouts.
func NewBlockedAdaptive(in, out kernel.Dims, from, to kernel.Layout) kernel.Kernel {
	axis := func(extent, outs int) []rows.Source {
		sources := make([]rows.Source, outs)
		for o := range sources {
			first, count := adaptiveSpan(o, extent, outs)
			sources[o] = rows.Stretch(first, count, count)
		}
		return sources
	}
	return rows.NewBlend("adaptiveavgpool", in, out, from, to, axis(in.H, out.H), axis(in.W, out.W))
}

// adaptiveToPlanar averages a blocked map into a planar one.
type adaptiveToPlanar struct {
	kernel.NoScratch
	row     kernel.Routine
	in, out kernel.Dims
	layout  kernel.Layout
}

// NewAdaptiveToPlanar returns an adaptive average pool from a blocked
// layout to a planar one: what comes before a classifier.
func NewAdaptiveToPlanar(in, out kernel.Dims, layout kernel.Layout) kernel.Kernel {
	return &adaptiveToPlanar{row: rows.Moments(kernel.Active()), in: in, out: out, layout: layout}
}

func (k *adaptiveToPlanar) Name() string { return "adaptiveavgpool." + k.row.ISA.String() }
func (k *adaptiveToPlanar) Tasks() int   { return k.in.N * kernel.BlocksOf(k.in.C) }

func (k *adaptiveToPlanar) Do(a *kernel.Args, task int, _ []float32) {
	image, block := task/kernel.BlocksOf(k.in.C), task%kernel.BlocksOf(k.in.C)
	for oy := range k.out.H {
		y, ny := adaptiveSpan(oy, k.in.H, k.out.H)
		for ox := range k.out.W {
			x, nx := adaptiveSpan(ox, k.in.W, k.out.W)
			sum := k.sum(a.In[0], image, block, y, x, ny, nx)
			for c := range min(kernel.Block, k.in.C-block*kernel.Block) {
				at := (image*k.in.C+block*kernel.Block+c)*k.out.Plane() + oy*k.out.W + ox
				a.Out[at] = sum[c] / float32(ny*nx)
			}
		}
	}
}

// sum adds up a rectangle of pixels, a channel each.
func (k *adaptiveToPlanar) sum(in []float32, image, block, y, x, ny, nx int) (sum [kernel.Block]float32) {
	var zero, row, squares [kernel.Block]float32
	m := rows.MomentArgs{
		Pixels: nx, Centre: unsafe.Pointer(&zero), Sum: unsafe.Pointer(&row), Squares: unsafe.Pointer(&squares),
	}
	if k.layout == (kernel.Layout{Blocked: true}) && nx == k.in.W {
		m.Pixels, ny = ny*nx, 1 // one long row
	}
	for ky := range ny {
		m.In = kernel.Pointer(in, k.layout.At(k.in, image, block, y+ky, x))
		kernel.Call(k.row.Code, &m)
		for c := range sum {
			sum[c] += row[c]
		}
	}
	return sum
}
