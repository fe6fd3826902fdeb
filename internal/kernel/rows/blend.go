package rows

import (
	"unsafe"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// blend makes each output pixel of a weighted rectangle of input
// pixels: what resizing and average pooling have in common. The weights are
// products of one of the row and one of the column.
type blend struct {
	kernel.NoScratch
	name    string
	row     kernel.Routine
	in, out kernel.Dims
	from    kernel.Layout
	to      kernel.Layout
	rows    []taps // by output row
	columns taps   // of all output columns, equally many each
}

// taps are the source pixels of an output along one axis: bytes and weights.
type taps struct {
	offsets []int
	weights []float32
}

// Source is the source pixels of one output along one axis: count from first
// on, a dilation of 1 apart, or any two.
type Source struct {
	Pixels  []int
	Weights []float32
}

// NewBlend makes a kernel of the sources of each output row and column.
func NewBlend(name string, in, out kernel.Dims, from, to kernel.Layout, rows, columns []Source) kernel.Kernel {
	k := &blend{name: name, row: table.Find(blendRow, kernel.Active()), in: in, out: out, from: from, to: to}
	for _, s := range rows {
		k.rows = append(k.rows, s.taps(len(s.Pixels), 4*from.Pitch(in)))
	}
	most := 0
	for _, s := range columns {
		most = max(most, len(s.Pixels))
	}
	for _, s := range columns {
		t := s.taps(most, 4*kernel.Block)
		k.columns.offsets = append(k.columns.offsets, t.offsets...)
		k.columns.weights = append(k.columns.weights, t.weights...)
	}
	return k
}

// taps lists n source pixels; where there are fewer, the last one shares its
// weight with copies of itself.
func (s *Source) taps(n, bytes int) taps {
	t := taps{offsets: make([]int, n), weights: make([]float32, n)}
	last := len(s.Pixels) - 1
	for i := range n {
		j := min(i, last)
		t.offsets[i], t.weights[i] = s.Pixels[j]*bytes, s.Weights[j]
		if i >= last {
			t.weights[i] /= float32(n - last)
		}
	}
	return t
}

func (k *blend) Name() string { return k.name + "." + k.row.ISA.String() }
func (k *blend) Tasks() int   { return k.in.N * kernel.BlocksOf(k.in.C) }

func (k *blend) Do(a *kernel.Args, task int, _ []float32) {
	image, block := task/kernel.BlocksOf(k.in.C), task%kernel.BlocksOf(k.in.C)
	b := blendArgs{
		in:            kernel.Pointer(a.In[0], k.from.At(k.in, image, block, 0, 0)),
		columns:       unsafe.Pointer(&k.columns.offsets[0]),
		columnWeights: unsafe.Pointer(&k.columns.weights[0]),
		columnCount:   len(k.columns.offsets) / k.out.W,
		pixels:        k.out.W,
	}
	for y, row := range k.rows {
		b.rows, b.rowWeights, b.rowCount = unsafe.Pointer(&row.offsets[0]), unsafe.Pointer(&row.weights[0]), len(row.offsets)
		b.out = kernel.Pointer(a.Out, k.to.At(k.out, image, block, y, 0))
		kernel.Call(k.row.Code, &b)
	}
	k.to.ClearHalo(a.Out, k.out, image, block, 0, k.out.H)
}

// Stretch is count pixels from first on, of the same weight.
func Stretch(first, count, divisor int) Source {
	var s Source
	for i := range count {
		s.Pixels = append(s.Pixels, first+i)
		s.Weights = append(s.Weights, 1/float32(divisor))
	}
	return s
}
