package kernel

import "math"

// affine is a batch normalisation or activation on its own: the epilogue of
// no convolution.
type affine struct {
	noScratch
	Epilogue
	dims Dims
	blocks
}

// NewAffine returns act(x*Scale + Shift) per channel. The output may lie on
// the input.
func NewAffine(dims Dims, e Epilogue) Kernel {
	return &affine{Epilogue: e, dims: dims, blocks: cut(dims.N*dims.C, dims.Plane())}
}

func (k *affine) Name() string { return "affine" }
func (k *affine) Tasks() int   { return k.tasks() }

func (k *affine) Do(a *Args, task int, _ []float32) {
	plane := k.dims.Plane()
	from, to := k.span(task)
	for i := from; i < to; i++ {
		k.apply(a.Out[i*plane:(i+1)*plane], a.In[0][i*plane:(i+1)*plane], i%k.dims.C, nil)
	}
}

// activation applies a function alone, without an epilogue's multiply and
// add, so that infinities pass unharmed.
type activation struct {
	noScratch
	act   Act
	slope float32
	blocks
}

// NewActivation returns act(x) over n elements, in place if need be.
func NewActivation(n int, act Act, slope float32) Kernel {
	return &activation{act: act, slope: slope, blocks: cut(n, 1)}
}

func (k *activation) Name() string { return "activation" }
func (k *activation) Tasks() int   { return k.tasks() }

func (k *activation) Do(a *Args, task int, _ []float32) {
	from, to := k.span(task)
	copy(a.Out[from:to], a.In[0][from:to])
	activate(a.Out[from:to], k.act, k.slope)
}

// add sums two tensors and applies a function.
type add struct {
	noScratch
	act   Act
	slope float32
	blocks
}

// NewAdd returns act(x + y) over n elements. The output may lie on either
// input.
func NewAdd(n int, act Act, slope float32) Kernel {
	return &add{act: act, slope: slope, blocks: cut(n, 1)}
}

func (k *add) Name() string { return "add" }
func (k *add) Tasks() int   { return k.tasks() }

func (k *add) Do(a *Args, task int, _ []float32) {
	from, to := k.span(task)
	x, y, out := a.In[0][from:to], a.In[1][from:to], a.Out[from:to]
	for i, v := range x {
		out[i] = v + y[i]
	}
	activate(out, k.act, k.slope)
}

// NewCopy returns out = x over n elements.
func NewCopy(n int) Kernel { return NewActivation(n, None, 0) }

func sigmoid(v float32) float32 {
	return float32(1 / (1 + math.Exp(-float64(v))))
}
