package kernel

// blockedMap is act(x·scale + shift + y) on blocked layouts with halos of
// their own: a batch normalisation, addition or activation on its own.
type blockedMap struct {
	noScratch
	Epilogue
	name         string
	isa          ISA
	dims         Dims
	x, y, o      Layout
	scale, shift []float32
}

// NewBlockedMap returns act(x·Scale + Shift), plus y where the epilogue has a
// residual. The output may lie on an input of the same layout. Scale and Shift
// are nil for 1 and 0.
func NewBlockedMap(name string, dims Dims, e Epilogue, x, y, out Layout) Kernel {
	channels := blocksOf(dims.C) * Block
	return &blockedMap{
		Epilogue: e, name: name, isa: active, dims: dims, x: x, y: y, o: out,
		scale: padded(e.Scale, channels, 1), shift: padded(e.Shift, channels, 0),
	}
}

// CanBlockAct reports whether blocked kernels have an activation function.
func CanBlockAct(act Act, slope float32) bool {
	return act == None || act == ReLU || act == LeakyReLU && slope >= 0 && slope <= 1
}

func (k *blockedMap) Name() string { return k.name + "." + k.isa.String() }
func (k *blockedMap) Tasks() int   { return k.dims.N * blocksOf(k.dims.C) }

func (k *blockedMap) Do(a *Args, task int, _ []float32) {
	image, block := task/blocksOf(k.dims.C), task%blocksOf(k.dims.C)
	m := mapArgs{
		scale:  pointer(k.scale, block*Block),
		shift:  pointer(k.shift, block*Block),
		pixels: k.dims.W,
		act:    tileAct(k.Act),
		slope:  k.Slope,
	}
	for y := range k.dims.H {
		m.x = pointer(a.In[0], k.x.at(k.dims, image, block, y, 0))
		m.out = pointer(a.Out, k.o.at(k.dims, image, block, y, 0))
		if k.Residual {
			m.y = pointer(a.In[1], k.y.at(k.dims, image, block, y, 0))
		}
		mapRow(k.isa, &m)
	}
	k.o.clearHalo(a.Out, k.dims, image, block, 0, k.dims.H)
}
