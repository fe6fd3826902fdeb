package kernel

// reorder copies a map from one layout to another.
type reorder struct {
	noScratch
	dims     Dims
	from, to Layout
}

// NewReorder returns a copy of a map into another layout; one of the two is
// planar.
func NewReorder(dims Dims, from, to Layout) Kernel {
	return &reorder{dims: dims, from: from, to: to}
}

func (k *reorder) Name() string { return "reorder" }
func (k *reorder) Tasks() int   { return k.dims.N * blocksOf(k.dims.C) }

func (k *reorder) Do(a *Args, task int, _ []float32) {
	image, block := task/blocksOf(k.dims.C), task%blocksOf(k.dims.C)
	channels := min(Block, k.dims.C-block*Block)
	planar := (image*k.dims.C + block*Block) * k.dims.Plane()
	if k.to.Blocked {
		k.to.clearHalo(a.Out, k.dims, image, block, 0, k.dims.H)
	}
	for y := range k.dims.H {
		row := planar + y*k.dims.W
		if k.to.Blocked {
			at := k.to.at(k.dims, image, block, y, 0)
			k.gather(a.Out[at:at+k.dims.W*Block], a.In[0][row:], channels)
		} else {
			at := k.from.at(k.dims, image, block, y, 0)
			k.scatter(a.Out[row:], a.In[0][at:at+k.dims.W*Block], channels)
		}
	}
}

// gather makes a row of pixels of the rows of channels.
func (k *reorder) gather(dst, src []float32, channels int) {
	if channels < Block {
		clear(dst)
	}
	plane := k.dims.Plane()
	for c := range channels {
		line := src[c*plane : c*plane+k.dims.W]
		for x, v := range line {
			dst[x*Block+c] = v
		}
	}
}

// scatter makes rows of channels of a row of pixels.
func (k *reorder) scatter(dst, src []float32, channels int) {
	plane := k.dims.Plane()
	for c := range channels {
		line := dst[c*plane : c*plane+k.dims.W]
		for x := range line {
			line[x] = src[x*Block+c]
		}
	}
}
