package kernel

// blockedAdd is act(x + y) on blocked layouts with halos of their own.
type blockedAdd struct {
	noScratch
	dims    Dims
	x, y, o Layout
	act     Act
	slope   float32
}

// NewBlockedAdd returns act(x + y). The output may lie on an input of the same
// layout.
func NewBlockedAdd(dims Dims, x, y, out Layout, act Act, slope float32) Kernel {
	return &blockedAdd{dims: dims, x: x, y: y, o: out, act: act, slope: slope}
}

func (k *blockedAdd) Name() string { return "add.blocked" }
func (k *blockedAdd) Tasks() int   { return k.dims.N * blocksOf(k.dims.C) }

func (k *blockedAdd) Do(a *Args, task int, _ []float32) {
	image, block := task/blocksOf(k.dims.C), task%blocksOf(k.dims.C)
	n := k.dims.W * Block
	for row := range k.dims.H {
		x := a.In[0][k.x.at(k.dims, image, block, row, 0):][:n]
		y := a.In[1][k.y.at(k.dims, image, block, row, 0):][:n]
		out := a.Out[k.o.at(k.dims, image, block, row, 0):][:n]
		for i, v := range x {
			out[i] = v + y[i]
		}
		activate(out, k.act, k.slope)
	}
	k.o.clearHalo(a.Out, k.dims, image, block, 0, k.dims.H)
}
