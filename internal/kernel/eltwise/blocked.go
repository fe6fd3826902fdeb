package eltwise

import (
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/rows"
)

// blocked is act(x·scale + shift + y) on blocked layouts with halos of
// their own: a batch normalisation, addition or activation on its own.
type blocked struct {
	kernel.NoScratch
	kernel.Epilogue
	name         string
	row          kernel.Routine
	dims         kernel.Dims
	x, y, o      kernel.Layout
	scale, shift []float32
}

// NewBlocked returns act(x·Scale + Shift), plus y where the epilogue has a
// residual. The output may lie on an input of the same layout. Scale and Shift
// are nil for 1 and 0.
func NewBlocked(name string, dims kernel.Dims, e kernel.Epilogue, x, y, out kernel.Layout) kernel.Kernel {
	channels := kernel.BlocksOf(dims.C) * kernel.Block
	return &blocked{
		Epilogue: e, name: name, row: rows.Map(kernel.Active()), dims: dims, x: x, y: y, o: out,
		scale: kernel.Padded(e.Scale, channels, 1), shift: kernel.Padded(e.Shift, channels, 0),
	}
}

func (k *blocked) Name() string { return k.name + "." + k.row.ISA.String() }
func (k *blocked) Tasks() int   { return k.dims.N * kernel.BlocksOf(k.dims.C) }

func (k *blocked) Do(a *kernel.Args, task int, _ []float32) {
	image, block := task/kernel.BlocksOf(k.dims.C), task%kernel.BlocksOf(k.dims.C)
	m := rows.MapArgs{
		Scale:  kernel.Pointer(k.scale, block*kernel.Block),
		Shift:  kernel.Pointer(k.shift, block*kernel.Block),
		Pixels: k.dims.W,
		Act:    k.Act.Number(),
		Slope:  k.Slope,
	}
	for y := range k.dims.H {
		m.X = kernel.Pointer(a.In[0], k.x.At(k.dims, image, block, y, 0))
		m.Out = kernel.Pointer(a.Out, k.o.At(k.dims, image, block, y, 0))
		if k.Residual {
			m.Y = kernel.Pointer(a.In[1], k.y.At(k.dims, image, block, y, 0))
		}
		kernel.Call(k.row.Code, &m)
	}
	k.o.ClearHalo(a.Out, k.dims, image, block, 0, k.dims.H)
}
