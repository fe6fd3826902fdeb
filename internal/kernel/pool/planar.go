package pool

import (
	"math"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// Spec describes a pool. The output's extents say how far windows go;
// ceil mode is in them.
type Spec struct {
	In, Out kernel.Dims
	kernel.Geometry
	// CountIncludePad is AvgPool2d's: padding counts in the divisor.
	CountIncludePad bool
}

// pool cuts the work by planes.
type pool struct {
	kernel.NoScratch
	Spec
	kernel.Pieces
	name  string
	plane func(p *Spec, dst, src []float32)
}

// NewMax returns a max pool: padding counts as minus infinity.
func NewMax(s Spec) kernel.Kernel { return newPool(s, "maxpool", maxPlane) }

// NewAverage returns an average pool; its dilation is 1.
func NewAverage(s Spec) kernel.Kernel { return newPool(s, "avgpool", avgPlane) }

// NewAdaptive returns an average pool over windows that tile the input
// as AdaptiveAvgPool2d's do. The geometry is not used.
func NewAdaptive(in, out kernel.Dims) kernel.Kernel {
	return newPool(Spec{In: in, Out: out}, "adaptiveavgpool", adaptivePlane)
}

func newPool(s Spec, name string, plane func(*Spec, []float32, []float32)) kernel.Kernel {
	work := s.Out.Plane() * max(1, s.Kernel[0]*s.Kernel[1])
	return &pool{Spec: s, Pieces: kernel.Cut(s.In.N*s.In.C, max(work, s.In.Plane())), name: name, plane: plane}
}

func (p *pool) Name() string { return p.name }

func (p *pool) Do(a *kernel.Args, task int, _ []float32) {
	in, out := p.In.Plane(), p.Out.Plane()
	from, to := p.Span(task)
	for i := from; i < to; i++ {
		p.plane(&p.Spec, a.Out[i*out:(i+1)*out], a.In[0][i*in:(i+1)*in])
	}
}

// clipped is the part of a window at output o that lies inside the input:
// the first index inside, and how many steps of the dilation from it.
func (s *Spec) clipped(axis, o, extent int) (first, count int) {
	first = o*s.Stride[axis] - s.Padding[axis]
	count = s.Kernel[axis]
	if first < 0 {
		skip := (-first + s.Dilation[axis] - 1) / s.Dilation[axis]
		first += skip * s.Dilation[axis]
		count -= skip
	}
	if first >= extent {
		return first, 0
	}
	return first, min(count, (extent-1-first)/s.Dilation[axis]+1)
}

func maxPlane(p *Spec, dst, src []float32) {
	for oy := range p.Out.H {
		y, ny := p.clipped(0, oy, p.In.H)
		for ox := range p.Out.W {
			x, nx := p.clipped(1, ox, p.In.W)
			best := float32(math.Inf(-1))
			for ky := range ny {
				line := src[(y+ky*p.Dilation[0])*p.In.W:][:p.In.W]
				for kx, i := 0, x; kx < nx; kx, i = kx+1, i+p.Dilation[1] {
					// A NaN wins, as in PyTorch.
					if v := line[i]; v > best || v != v {
						best = v
					}
				}
			}
			dst[oy*p.Out.W+ox] = best
		}
	}
}

func avgPlane(p *Spec, dst, src []float32) {
	for oy := range p.Out.H {
		y, ny := p.clipped(0, oy, p.In.H)
		for ox := range p.Out.W {
			x, nx := p.clipped(1, ox, p.In.W)
			divisor := ny * nx
			if p.CountIncludePad {
				divisor = p.padded(0, oy, p.In.H) * p.padded(1, ox, p.In.W)
			}
			dst[oy*p.Out.W+ox] = sumBox(src, p.In.W, y, x, ny, nx) / float32(divisor)
		}
	}
}

// padded is the extent of a window that lies inside the padded input: all of
// it but what ceil mode lets hang over the right padding.
func (s *Spec) padded(axis, o, extent int) int {
	first := o*s.Stride[axis] - s.Padding[axis]
	return min(first+s.Kernel[axis], extent+s.Padding[axis]) - first
}

func sumBox(src []float32, width, y, x, ny, nx int) float32 {
	var sum float32
	for ky := range ny {
		for _, v := range src[(y+ky)*width+x:][:nx] {
			sum += v
		}
	}
	return sum
}

func adaptivePlane(p *Spec, dst, src []float32) {
	for oy := range p.Out.H {
		y, ny := adaptiveSpan(oy, p.In.H, p.Out.H)
		for ox := range p.Out.W {
			x, nx := adaptiveSpan(ox, p.In.W, p.Out.W)
			dst[oy*p.Out.W+ox] = sumBox(src, p.In.W, y, x, ny, nx) / float32(ny*nx)
		}
	}
}

// adaptiveSpan is the window of output o: floor(o·in/out) to
// ceil((o+1)·in/out).
func adaptiveSpan(o, in, out int) (first, count int) {
	first = o * in / out
	return first, ((o+1)*in+out-1)/out - first
}
