package kernel

import "unsafe"

// blockedBlend makes each output pixel of a weighted rectangle of input
// pixels: what resizing and average pooling have in common. The weights are
// products of one of the row and one of the column.
type blockedBlend struct {
	NoScratch
	name    string
	isa     ISA
	in, out Dims
	from    Layout
	to      Layout
	rows    []taps // by output row
	columns taps   // of all output columns, equally many each
}

// taps are the source pixels of an output along one axis: bytes and weights.
type taps struct {
	offsets []int
	weights []float32
}

// source is the source pixels of one output along one axis: count from first
// on, a dilation of 1 apart, or any two.
type source struct {
	pixels  []int
	weights []float32
}

// newBlend makes a kernel of the sources of each output row and column.
func newBlend(name string, in, out Dims, from, to Layout, rows, columns []source) Kernel {
	k := &blockedBlend{name: name, isa: active, in: in, out: out, from: from, to: to}
	for _, s := range rows {
		k.rows = append(k.rows, s.taps(len(s.pixels), 4*from.Pitch(in)))
	}
	most := 0
	for _, s := range columns {
		most = max(most, len(s.pixels))
	}
	for _, s := range columns {
		t := s.taps(most, 4*Block)
		k.columns.offsets = append(k.columns.offsets, t.offsets...)
		k.columns.weights = append(k.columns.weights, t.weights...)
	}
	return k
}

// taps lists n source pixels; where there are fewer, the last one shares its
// weight with copies of itself.
func (s *source) taps(n, bytes int) taps {
	t := taps{offsets: make([]int, n), weights: make([]float32, n)}
	last := len(s.pixels) - 1
	for i := range n {
		j := min(i, last)
		t.offsets[i], t.weights[i] = s.pixels[j]*bytes, s.weights[j]
		if i >= last {
			t.weights[i] /= float32(n - last)
		}
	}
	return t
}

func (k *blockedBlend) Name() string { return k.name + "." + k.isa.String() }
func (k *blockedBlend) Tasks() int   { return k.in.N * BlocksOf(k.in.C) }

func (k *blockedBlend) Do(a *Args, task int, _ []float32) {
	image, block := task/BlocksOf(k.in.C), task%BlocksOf(k.in.C)
	b := blendArgs{
		in:            Pointer(a.In[0], k.from.At(k.in, image, block, 0, 0)),
		columns:       unsafe.Pointer(&k.columns.offsets[0]),
		columnWeights: unsafe.Pointer(&k.columns.weights[0]),
		columnCount:   len(k.columns.offsets) / k.out.W,
		pixels:        k.out.W,
	}
	for y, row := range k.rows {
		b.rows, b.rowWeights, b.rowCount = unsafe.Pointer(&row.offsets[0]), unsafe.Pointer(&row.weights[0]), len(row.offsets)
		b.out = Pointer(a.Out, k.to.At(k.out, image, block, y, 0))
		blendRow(k.isa, &b)
	}
	k.to.ClearHalo(a.Out, k.out, image, block, 0, k.out.H)
}

// NewBlockedResize returns an interpolation between blocked layouts.
func NewBlockedResize(s ResizeSpec, in, out Layout) Kernel {
	axis := func(list []Sample) []source {
		sources := make([]source, len(list))
		for i, x := range list {
			sources[i] = source{[]int{x.A, x.B}, []float32{x.WA, x.WB}}
			if !s.Bilinear || x.WB == 0 {
				sources[i] = source{[]int{x.A}, []float32{1}}
			}
		}
		return sources
	}
	rows, columns := axis(s.samples(s.In.H, s.Out.H, s.Scale[0])), axis(s.samples(s.In.W, s.Out.W, s.Scale[1]))
	name := "resize.nearest"
	if s.Bilinear {
		name = "resize.bilinear"
	}
	return newBlend(name, s.In, s.Out, in, out, rows, columns)
}

// NewBlockedAvgPool returns an average pool between blocked layouts.
func NewBlockedAvgPool(s PoolSpec, in, out Layout) Kernel {
	axis := func(axis, extent, outs int) []source {
		sources := make([]source, outs)
		for o := range sources {
			first, count := s.clipped(axis, o, extent)
			divisor := count
			if s.CountIncludePad {
				divisor = s.padded(axis, o, extent)
			}
			sources[o] = stretch(first, count, divisor)
		}
		return sources
	}
	return newBlend("avgpool", s.In, s.Out, in, out, axis(0, s.In.H, s.Out.H), axis(1, s.In.W, s.Out.W))
}

// NewBlockedAdaptivePool returns an adaptive average pool between blocked
// layouts.
func NewBlockedAdaptivePool(in, out Dims, from, to Layout) Kernel {
	axis := func(extent, outs int) []source {
		sources := make([]source, outs)
		for o := range sources {
			first, count := adaptiveSpan(o, extent, outs)
			sources[o] = stretch(first, count, count)
		}
		return sources
	}
	return newBlend("adaptiveavgpool", in, out, from, to, axis(in.H, out.H), axis(in.W, out.W))
}

// NewBlockedSubsample returns x[:, :, ::stride, ::stride] between blocked
// layouts.
func NewBlockedSubsample(in, out Dims, stride [2]int, from, to Layout) Kernel {
	axis := func(stride, outs int) []source {
		sources := make([]source, outs)
		for o := range sources {
			sources[o] = stretch(o*stride, 1, 1)
		}
		return sources
	}
	return newBlend("subsample", in, out, from, to, axis(stride[0], out.H), axis(stride[1], out.W))
}

// stretch is count pixels from first on, of the same weight.
func stretch(first, count, divisor int) source {
	var s source
	for i := range count {
		s.pixels = append(s.pixels, first+i)
		s.weights = append(s.weights, 1/float32(divisor))
	}
	return s
}
