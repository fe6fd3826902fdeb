package eltwise

import (
	"unsafe"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/rows"
)

// affine is a batch normalisation or activation on its own: the epilogue of
// no convolution.
type affine struct {
	kernel.NoScratch
	row kernel.Routine
	kernel.Epilogue
	dims kernel.Dims
	kernel.Pieces
}

// NewAffine returns act(x*Scale + Shift) per channel. The output may lie on
// the input.
func NewAffine(dims kernel.Dims, e kernel.Epilogue) kernel.Kernel {
	return &affine{row: rows.Map(kernel.Active()), Epilogue: e, dims: dims, Pieces: kernel.Cut(dims.N*dims.C, dims.Plane())}
}

func (k *affine) Name() string { return "affine" }

func (k *affine) Do(a *kernel.Args, task int, _ []float32) {
	plane := k.dims.Plane()
	from, to := k.Span(task)
	for i := from; i < to; i++ {
		x, out, c := a.In[0][i*plane:(i+1)*plane], a.Out[i*plane:(i+1)*plane], i%k.dims.C
		m := mapFloats{row: k.row, act: k.Act, slope: k.Slope, scale: 1}
		if k.Scale != nil {
			m.scale = k.Scale[c]
		}
		if k.Shift != nil {
			m.shift = k.Shift[c]
		}
		n := m.do(out, x, nil)
		k.Apply(out[n:], x[n:], c, nil)
	}
}

// activation applies a function alone.
type activation struct {
	kernel.NoScratch
	row   kernel.Routine
	act   kernel.Act
	slope float32
	kernel.Pieces
}

// NewActivation returns act(x) over n elements, in place if need be.
func NewActivation(n int, act kernel.Act, slope float32) kernel.Kernel {
	return &activation{row: rows.Map(kernel.Active()), act: act, slope: slope, Pieces: kernel.Cut(n, 1)}
}

func (k *activation) Name() string { return "activation" }

func (k *activation) Do(a *kernel.Args, task int, _ []float32) {
	from, to := k.Span(task)
	x, out := a.In[0][from:to], a.Out[from:to]
	if k.act == kernel.None {
		copy(out, x)
		return
	}
	m := mapFloats{row: k.row, act: k.act, slope: k.slope, scale: 1}
	n := m.do(out, x, nil)
	copy(out[n:], x[n:])
	kernel.Activate(out[n:], k.act, k.slope)
}

// add sums two tensors and applies a function.
type add struct {
	kernel.NoScratch
	row   kernel.Routine
	act   kernel.Act
	slope float32
	kernel.Pieces
}

// NewAdd returns act(x + y) over n elements. The output may lie on either
// input.
func NewAdd(n int, act kernel.Act, slope float32) kernel.Kernel {
	return &add{row: rows.Map(kernel.Active()), act: act, slope: slope, Pieces: kernel.Cut(n, 1)}
}

func (k *add) Name() string { return "add" }

func (k *add) Do(a *kernel.Args, task int, _ []float32) {
	from, to := k.Span(task)
	x, y, out := a.In[0][from:to], a.In[1][from:to], a.Out[from:to]
	m := mapFloats{row: k.row, act: k.act, slope: k.slope, scale: 1}
	n := m.do(out, x, y)
	x, y, out = x[n:], y[n:], out[n:]
	for i, v := range x {
		out[i] = v + y[i]
	}
	kernel.Activate(out, k.act, k.slope)
}

// mapFloats is act(x·scale + shift + y) by the code for pixels of 16 channels,
// which takes any 16 floats.
type mapFloats struct {
	row          kernel.Routine
	act          kernel.Act
	slope        float32
	scale, shift float32
}

// do computes as much of a stretch as the code handles and tells how much that
// is: nothing where there is none. y may be nil; out may lie on x or y.
func (m *mapFloats) do(out, x, y []float32) int {
	pixels := len(x) / kernel.Block
	if m.row.Code == nil || pixels == 0 || !kernel.CanBlockAct(m.act, m.slope) {
		return 0
	}
	var scale, shift [kernel.Block]float32
	kernel.Fill(scale[:], m.scale)
	kernel.Fill(shift[:], m.shift)
	a := rows.MapArgs{
		X: kernel.Pointer(x, 0), Out: kernel.Pointer(out, 0), Scale: unsafe.Pointer(&scale), Shift: unsafe.Pointer(&shift),
		Pixels: pixels, Act: m.act.Number(), Slope: m.slope,
	}
	if y != nil {
		a.Y = kernel.Pointer(y, 0)
	}
	kernel.Call(m.row.Code, &a)
	return pixels * kernel.Block
}

// NewCopy returns out = x over n elements.
func NewCopy(n int) kernel.Kernel { return NewActivation(n, kernel.None, 0) }
