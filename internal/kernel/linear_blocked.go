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
	rows         int // a task
	chunks       int
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
	l.panels = ceilDiv(s.Out, l.shape.channels)
	l.depth = s.In * l.shape.channels
	l.scale = padded(s.Scale, l.panels*l.shape.channels, 1)
	l.shift = padded(s.Shift, l.panels*l.shape.channels, 0)
	for i := 0; i < s.In; i += Block {
		l.offsets = append(l.offsets, 4*i)
	}
	// Weights that a task has read serve as many rows as stay in the cache.
	l.rows = max(l.shape.pixels, cachedV/s.In/l.shape.pixels*l.shape.pixels)
	if enough := tasksPerWorker * max(1, workers); l.panels*ceilDiv(s.Batch, l.rows) < enough {
		l.rows = max(l.shape.pixels, ceilDiv(s.Batch*l.panels, enough))
	}
	l.chunks = ceilDiv(s.Batch, l.rows)
	return l
}

func (l *tiledLinear) Name() string { return "linear.tiled." + l.isa.String() }
func (l *tiledLinear) Tasks() int   { return l.panels * l.chunks }

// Scratch holds a tile's outputs.
func (l *tiledLinear) Scratch() int { return l.shape.pixels * l.shape.channels }

func (l *tiledLinear) Do(a *Args, task int, scratch []float32) {
	panel, chunk := task%l.panels, task/l.panels
	first := chunk * l.rows
	left := min(l.rows, l.Batch-first)
	t := tileArgs{
		offsets:  unsafe.Pointer(&l.offsets[0]),
		taps:     len(l.offsets),
		stride:   4 * l.In,
		outBlock: 4 * Block * l.shape.pixels,
		scale:    pointer(l.scale, panel*l.shape.channels),
		shift:    pointer(l.shift, panel*l.shape.channels),
		act:      tileAct(l.Act),
		slope:    l.Slope,
	}
	t.use(l.packed, panel*l.depth, l.depth)
	tiles := ceilDiv(left, l.shape.pixels)
	for i := range tiles {
		n := (left + tiles - i - 1) / (tiles - i)
		half := min(n-1, l.shape.half)
		t.in0, t.in1 = pointer(a.In[0], first*l.In), pointer(a.In[0], (first+half)*l.In)
		t.out0, t.out1 = pointer(scratch, 0), pointer(scratch, half*Block)
		t.prefetch(l.depth)
		tile(l.shape, &t, n, true)
		l.store(a.Out, scratch, panel, first, n)
		first, left = first+n, left-n
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
