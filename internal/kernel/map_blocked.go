package kernel

// blockedMap is act(x·scale + shift + y) on blocked layouts with halos of
// their own: a batch normalisation, addition or activation on its own.
type blockedMap struct {
	NoScratch
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
	channels := BlocksOf(dims.C) * Block
	return &blockedMap{
		Epilogue: e, name: name, isa: active, dims: dims, x: x, y: y, o: out,
		scale: Padded(e.Scale, channels, 1), shift: Padded(e.Shift, channels, 0),
	}
}

func (k *blockedMap) Name() string { return k.name + "." + k.isa.String() }
func (k *blockedMap) Tasks() int   { return k.dims.N * BlocksOf(k.dims.C) }

func (k *blockedMap) Do(a *Args, task int, _ []float32) {
	image, block := task/BlocksOf(k.dims.C), task%BlocksOf(k.dims.C)
	m := mapArgs{
		scale:  Pointer(k.scale, block*Block),
		shift:  Pointer(k.shift, block*Block),
		pixels: k.dims.W,
		act:    k.Act.Number(),
		slope:  k.Slope,
	}
	for y := range k.dims.H {
		m.x = Pointer(a.In[0], k.x.At(k.dims, image, block, y, 0))
		m.out = Pointer(a.Out, k.o.At(k.dims, image, block, y, 0))
		if k.Residual {
			m.y = Pointer(a.In[1], k.y.At(k.dims, image, block, y, 0))
		}
		mapRow(k.isa, &m)
	}
	k.o.ClearHalo(a.Out, k.dims, image, block, 0, k.dims.H)
}
