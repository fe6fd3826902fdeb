package kernel

import "unsafe"

// affine is a batch normalisation or activation on its own: the epilogue of
// no convolution.
type affine struct {
	NoScratch
	isa ISA
	Epilogue
	dims Dims
	Pieces
}

// NewAffine returns act(x*Scale + Shift) per channel. The output may lie on
// the input.
func NewAffine(dims Dims, e Epilogue) Kernel {
	return &affine{isa: active, Epilogue: e, dims: dims, Pieces: Cut(dims.N*dims.C, dims.Plane())}
}

func (k *affine) Name() string { return "affine" }

func (k *affine) Do(a *Args, task int, _ []float32) {
	plane := k.dims.Plane()
	from, to := k.Span(task)
	for i := from; i < to; i++ {
		x, out, c := a.In[0][i*plane:(i+1)*plane], a.Out[i*plane:(i+1)*plane], i%k.dims.C
		m := mapFloats{isa: k.isa, act: k.Act, slope: k.Slope, scale: 1}
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
	NoScratch
	isa   ISA
	act   Act
	slope float32
	Pieces
}

// NewActivation returns act(x) over n elements, in place if need be.
func NewActivation(n int, act Act, slope float32) Kernel {
	return &activation{isa: active, act: act, slope: slope, Pieces: Cut(n, 1)}
}

func (k *activation) Name() string { return "activation" }

func (k *activation) Do(a *Args, task int, _ []float32) {
	from, to := k.Span(task)
	x, out := a.In[0][from:to], a.Out[from:to]
	if k.act == None {
		copy(out, x)
		return
	}
	m := mapFloats{isa: k.isa, act: k.act, slope: k.slope, scale: 1}
	n := m.do(out, x, nil)
	copy(out[n:], x[n:])
	Activate(out[n:], k.act, k.slope)
}

// add sums two tensors and applies a function.
type add struct {
	NoScratch
	isa   ISA
	act   Act
	slope float32
	Pieces
}

// NewAdd returns act(x + y) over n elements. The output may lie on either
// input.
func NewAdd(n int, act Act, slope float32) Kernel {
	return &add{isa: active, act: act, slope: slope, Pieces: Cut(n, 1)}
}

func (k *add) Name() string { return "add" }

func (k *add) Do(a *Args, task int, _ []float32) {
	from, to := k.Span(task)
	x, y, out := a.In[0][from:to], a.In[1][from:to], a.Out[from:to]
	m := mapFloats{isa: k.isa, act: k.act, slope: k.slope, scale: 1}
	n := m.do(out, x, y)
	x, y, out = x[n:], y[n:], out[n:]
	for i, v := range x {
		out[i] = v + y[i]
	}
	Activate(out, k.act, k.slope)
}

// mapFloats is act(x·scale + shift + y) by the code for pixels of 16 channels,
// which takes any 16 floats.
type mapFloats struct {
	isa          ISA
	act          Act
	slope        float32
	scale, shift float32
}

// do computes as much of a stretch as the code handles and tells how much that
// is: nothing where there is none. y may be nil; out may lie on x or y.
func (m *mapFloats) do(out, x, y []float32) int {
	pixels := len(x) / Block
	if m.isa == Generic || pixels == 0 || !CanBlockAct(m.act, m.slope) {
		return 0
	}
	var scale, shift [Block]float32
	Fill(scale[:], m.scale)
	Fill(shift[:], m.shift)
	a := mapArgs{
		x: Pointer(x, 0), out: Pointer(out, 0), scale: unsafe.Pointer(&scale), shift: unsafe.Pointer(&shift),
		pixels: pixels, act: m.act.Number(), slope: m.slope,
	}
	if y != nil {
		a.y = Pointer(y, 0)
	}
	mapRow(m.isa, &a)
	return pixels * Block
}

// NewCopy returns out = x over n elements.
func NewCopy(n int) Kernel { return NewActivation(n, None, 0) }
