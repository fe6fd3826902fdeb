package resize

import "github.com/vertebra-vision/vertebra/internal/kernel"

// Spec describes torch.nn.functional.interpolate.
type Spec struct {
	In, Out kernel.Dims
	// Bilinear interpolates; otherwise the nearest pixel is taken.
	Bilinear bool
	// AlignCorners maps corner pixels onto each other.
	AlignCorners bool
	// Scale is the factor that the caller gave, height first, or zero where
	// the caller gave a size. PyTorch steps by the factor, not by the ratio
	// of the extents.
	Scale [2]float64
}

// resize samples separably: a table of source pixels for each axis.
type resize struct {
	kernel.NoScratch
	Spec
	kernel.Pieces
	y, x []Sample
}

// Sample blends two source pixels of a line: A and B by their weights.
type Sample struct {
	A, B   int
	WA, WB float32
}

// BilinearSamples is what each pixel of a line of out is made of, from a line
// of in, by bilinear interpolation with corners not aligned.
func BilinearSamples(in, out int) []Sample {
	return (&Spec{Bilinear: true}).samples(in, out, 0)
}

// New returns an interpolation kernel.
func New(s Spec) kernel.Kernel {
	return &resize{
		Spec:   s,
		Pieces: kernel.Cut(s.Out.N*s.Out.C, s.Out.Plane()),
		y:      s.samples(s.In.H, s.Out.H, s.Scale[0]),
		x:      s.samples(s.In.W, s.Out.W, s.Scale[1]),
	}
}

func (s *Spec) samples(in, out int, factor float64) []Sample {
	step := s.step(in, out, factor)
	list := make([]Sample, out)
	for o := range list {
		switch {
		case !s.Bilinear:
			i := min(int(float32(o)*step), in-1)
			list[o] = Sample{A: i, B: i, WA: 1}
		case in == out: // copied whatever the factor, as in PyTorch
			list[o] = Sample{A: o, B: o, WA: 1}
		default:
			list[o] = blend(s.source(o, step), in)
		}
	}
	return list
}

// step is how many source pixels one output pixel advances, in float32 as
// PyTorch computes it.
func (s *Spec) step(in, out int, factor float64) float32 {
	switch {
	case s.Bilinear && s.AlignCorners:
		if out > 1 {
			return float32(in-1) / float32(out-1)
		}
		return 0
	case factor > 0:
		return float32(1 / factor)
	}
	return float32(in) / float32(out)
}

func (s *Spec) source(o int, step float32) float32 {
	if s.AlignCorners {
		return float32(o) * step
	}
	return max(0, step*(float32(o)+0.5)-0.5)
}

func blend(at float32, in int) Sample {
	a := min(int(at), in-1)
	w := at - float32(a)
	return Sample{A: a, B: min(a+1, in-1), WA: 1 - w, WB: w}
}

func (k *resize) Name() string {
	if k.Bilinear {
		return "resize.bilinear"
	}
	return "resize.nearest"
}

func (k *resize) Do(a *kernel.Args, task int, _ []float32) {
	from, to := k.Span(task)
	in, out := k.In.Plane(), k.Out.Plane()
	for i := from; i < to; i++ {
		src, dst := a.In[0][i*in:(i+1)*in], a.Out[i*out:(i+1)*out]
		for y, sy := range k.y {
			k.line(dst[y*k.Out.W:(y+1)*k.Out.W], src[sy.A*k.In.W:], src[sy.B*k.In.W:], sy)
		}
	}
}

func (k *resize) line(dst, top, bottom []float32, sy Sample) {
	if !k.Bilinear {
		for x, sx := range k.x {
			dst[x] = top[sx.A]
		}
		return
	}
	for x, sx := range k.x {
		dst[x] = sy.WA*(sx.WA*top[sx.A]+sx.WB*top[sx.B]) + sy.WB*(sx.WA*bottom[sx.A]+sx.WB*bottom[sx.B])
	}
}
