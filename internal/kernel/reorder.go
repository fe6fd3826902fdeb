package kernel

// reorder copies a map from one layout to another.
type reorder struct {
	NoScratch
	dims     Dims
	from, to Layout
}

// NewReorder returns a copy of a map into another layout; one of the two is
// planar.
func NewReorder(dims Dims, from, to Layout) Kernel {
	if blocked := (Layout{Blocked: true}); from == blocked || to == blocked {
		// Rows without a halo follow each other: one long row leaves fewer
		// pixels over than many short ones.
		dims.H, dims.W = 1, dims.Plane()
	}
	return &reorder{dims: dims, from: from, to: to}
}

func (k *reorder) Name() string { return "reorder" }
func (k *reorder) Tasks() int   { return k.dims.N * BlocksOf(k.dims.C) }

func (k *reorder) Do(a *Args, task int, _ []float32) {
	image, block := task/BlocksOf(k.dims.C), task%BlocksOf(k.dims.C)
	channels := min(Block, k.dims.C-block*Block)
	planar := (image*k.dims.C + block*Block) * k.dims.Plane()
	if k.to.Blocked {
		k.to.ClearHalo(a.Out, k.dims, image, block, 0, k.dims.H)
	}
	for y := range k.dims.H {
		row := planar + y*k.dims.W
		if k.to.Blocked {
			at := k.to.At(k.dims, image, block, y, 0)
			k.gather(a.Out[at:at+k.dims.W*Block], a.In[0][row:], channels)
		} else {
			at := k.from.At(k.dims, image, block, y, 0)
			k.scatter(a.Out[row:], a.In[0][at:at+k.dims.W*Block], channels)
		}
	}
}

// square is the side of what the assembly transposes.
const square = 8

// gather makes a row of pixels of the rows of channels.
func (k *reorder) gather(dst, src []float32, channels int) {
	if channels < Block {
		clear(dst)
	}
	plane, width := k.dims.Plane(), k.dims.W
	wide, done := width/square*square, 0
	if wide > 0 {
		for ; done+square <= channels; done += square {
			transpose(&transposeArgs{
				in: Pointer(src, done*plane), inPitch: 4 * plane, inStep: 4 * square,
				out: Pointer(dst, done), outPitch: 4 * Block, outStep: 4 * square * Block,
				count: wide / square,
			})
		}
	}
	for c := range channels {
		line := src[c*plane : c*plane+width]
		for x := start(c < done, wide); x < width; x++ {
			dst[x*Block+c] = line[x]
		}
	}
}

// scatter makes rows of channels of a row of pixels.
func (k *reorder) scatter(dst, src []float32, channels int) {
	plane, width := k.dims.Plane(), k.dims.W
	wide, done := width/square*square, 0
	if wide > 0 {
		for ; done+square <= channels; done += square {
			transpose(&transposeArgs{
				in: Pointer(src, done), inPitch: 4 * Block, inStep: 4 * square * Block,
				out: Pointer(dst, done*plane), outPitch: 4 * plane, outStep: 4 * square,
				count: wide / square,
			})
		}
	}
	for c := range channels {
		line := dst[c*plane : c*plane+width]
		for x := start(c < done, wide); x < width; x++ {
			line[x] = src[x*Block+c]
		}
	}
}

// start is the first pixel of a channel that the squares leave over.
func start(inSquares bool, wide int) int {
	if inSquares {
		return wide
	}
	return 0
}
