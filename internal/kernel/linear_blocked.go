package kernel

import "unsafe"

// tiledLinear is a fully connected layer on several rows: the tiles of a
// convolution, with the rows for pixels.
type tiledLinear struct {
	LinearSpec
	isa          ISA
	shape        tileShape
	packed       []float32
	scale, shift []float32
	offsets      []int // bytes to each 16 inputs
	depth        int   // floats of a panel's weights
	panels       int
	perGroup     int // panels a task
	groups       int
	rows         int // a task
	chunks       int
	pitch        int // floats from row to row of a task's inputs
}

// tiledRows is the least number of rows that pays for packed weights: with
// fewer, reading each weight once is all that counts.
const tiledRows = 4

// CanTileLinear reports whether NewTiledLinear serves and pays.
func CanTileLinear(s LinearSpec) bool {
	return Blocked() && s.Batch >= tiledRows && s.In%Block == 0 && CanBlockAct(s.Act, s.Slope)
}

// spec is the layer as a pointwise convolution.
func (s LinearSpec) spec() ConvSpec {
	return ConvSpec{
		In: Dims{N: 1, C: s.In, H: 1, W: s.Batch}, Out: Dims{N: 1, C: s.Out, H: 1, W: s.Batch}, Groups: 1,
		Geometry: Geometry{Kernel: [2]int{1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}},
		Weight:   s.Weight, Epilogue: s.Epilogue,
	}
}

// PackLinear lays out weights for NewTiledLinear.
func PackLinear(s LinearSpec, take func(n int) []float32) []float32 {
	return PackConv(s.spec(), Layout{Blocked: true}, take)
}

// LinearFormat names that packing.
func LinearFormat(s LinearSpec) string { return PackFormat(s.spec(), Layout{Blocked: true}) }

// NewTiledLinear returns a fully connected kernel with packed weights.
func NewTiledLinear(s LinearSpec, packed []float32, workers int) Kernel {
	l := &tiledLinear{LinearSpec: s, isa: active, shape: shapeFor(s.spec()), packed: packed}
	l.panels = CeilDiv(s.Out, l.shape.channels)
	l.depth = s.In * l.shape.channels
	l.scale = Padded(s.Scale, l.panels*l.shape.channels, 1)
	l.shift = Padded(s.Shift, l.panels*l.shape.channels, 0)
	for i := 0; i < s.In; i += Block {
		l.offsets = append(l.offsets, 4*i)
	}
	l.cut(workers)
	// Inputs are copied: rows a power of two apart would share a few sets of
	// the cache.
	l.pitch = s.In + Block
	l.offsets = withAhead(l.offsets, 4*l.shape.pixels*l.pitch)
	return l
}

// cut makes chunks of rows that stay in the cache with their panel's weights,
// and groups of panels for the workers.
func (l *tiledLinear) cut(workers int) {
	l.rows = min(CeilDiv(l.Batch, l.shape.pixels), max(1, cachedV/2/l.In/l.shape.pixels)) * l.shape.pixels
	l.chunks = CeilDiv(l.Batch, l.rows)
	l.groups = min(l.panels, CeilDiv(4*max(1, workers), l.chunks))
	l.perGroup = CeilDiv(l.panels, l.groups)
	l.groups = CeilDiv(l.panels, l.perGroup)
}

func (l *tiledLinear) Name() string { return "linear.tiled." + l.isa.String() }
func (l *tiledLinear) Tasks() int   { return l.groups * l.chunks }

// Scratch holds a task's inputs and a tile's outputs.
func (l *tiledLinear) Scratch() int {
	return l.rows*l.pitch + l.shape.pixels*l.shape.channels
}

func (l *tiledLinear) Do(a *Args, task int, scratch []float32) {
	group, chunk := task%l.groups, task/l.groups
	first := chunk * l.rows
	rows := min(l.rows, l.Batch-first)
	in, out := scratch[:l.rows*l.pitch], scratch[l.rows*l.pitch:]
	for r := range rows {
		copy(in[r*l.pitch:][:l.In], a.In[0][(first+r)*l.In:])
	}
	for panel := group * l.perGroup; panel < min(l.panels, (group+1)*l.perGroup); panel++ {
		l.panel(a, in, out, panel, first, rows)
	}
}

// panel computes rows of one panel of outputs.
func (l *tiledLinear) panel(a *Args, in, out []float32, panel, first, rows int) {
	t := tileArgs{
		offsets:  unsafe.Pointer(&l.offsets[0]),
		taps:     len(l.offsets),
		stride:   4 * l.pitch,
		outBlock: 4 * Block * l.shape.pixels,
		outPixel: 4 * Block,
		scale:    Pointer(l.scale, panel*l.shape.channels),
		shift:    Pointer(l.shift, panel*l.shape.channels),
		act:      l.Act.Number(),
		slope:    l.Slope,
	}
	t.use(l.packed, panel*l.depth, l.depth)
	at := 0
	for _, r := range l.shape.runs(rows) {
		half := min(r.pixels-1, l.shape.half)
		for range r.count {
			t.in0, t.in1 = Pointer(in, at*l.pitch), Pointer(in, (at+half)*l.pitch)
			t.out0, t.out1 = Pointer(out, 0), Pointer(out, half*Block)
			tiles(l.shape, &t, tileRun{r.pixels, 1, 1}, true)
			l.store(a.Out, out, panel, first+at, r.pixels)
			at += r.pixels
		}
	}
}

// store copies a tile's outputs into rows.
func (l *tiledLinear) store(out, tile []float32, panel, first, n int) {
	for b := range l.shape.channels / Block {
		at := panel*l.shape.channels + b*Block
		width := min(Block, l.Out-at)
		if width <= 0 {
			return
		}
		for r := range n {
			copy(out[(first+r)*l.Out+at:][:width], tile[b*Block*l.shape.pixels+r*Block:][:width])
		}
	}
}
