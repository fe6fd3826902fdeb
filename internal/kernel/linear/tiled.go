package linear

import (
	"unsafe"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/tile"
)

// tiled is a fully connected layer: the tiles of a convolution, with the rows for
// pixels. A row's sums are the same however many there are.
type tiled struct {
	Spec
	shape        tile.Shape
	tile         *tile.Tile
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

// CanTile reports whether NewTiled serves.
func CanTile(s Spec) bool {
	return s.ISA != kernel.Generic && kernel.CanBlockAct(s.Act, s.Slope)
}

// spec is the layer as a pointwise convolution.
func (s Spec) spec() kernel.ConvSpec {
	return kernel.ConvSpec{
		In: kernel.Dims{N: 1, C: s.In, H: 1, W: s.Batch}, Out: kernel.Dims{N: 1, C: s.Out, H: 1, W: s.Batch}, Groups: 1,
		Geometry: kernel.Geometry{Kernel: [2]int{1, 1}, Stride: [2]int{1, 1}, Dilation: [2]int{1, 1}},
		Weight:   s.Weight, Epilogue: s.Epilogue, ISA: s.ISA,
	}
}

// Pack lays out weights for NewTiled.
func Pack(s Spec, take func(n int) []float32) []float32 {
	return tile.Pack(s.spec(), kernel.Layout{Blocked: true}, take)
}

// Format names that packing.
func Format(s Spec) string { return tile.Format(s.spec(), kernel.Layout{Blocked: true}) }

// NewTiled returns a fully connected kernel with packed weights.
func NewTiled(s Spec, packed []float32, workers int) kernel.Kernel {
	l := &tiled{Spec: s, shape: tile.For(s.spec()), packed: packed}
	l.tile = tile.Find(l.shape, kernel.Block)
	l.panels = kernel.CeilDiv(s.Out, l.shape.Channels)
	l.depth = kernel.BlocksOf(s.In) * kernel.Block * l.shape.Channels
	l.scale = kernel.Padded(s.Scale, l.panels*l.shape.Channels, 1)
	l.shift = kernel.Padded(s.Shift, l.panels*l.shape.Channels, 0)
	for i := 0; i < s.In; i += kernel.Block {
		l.offsets = append(l.offsets, 4*i)
	}
	l.cut(workers)
	// Inputs are copied: rows a power of two apart would share a few sets of
	// the cache.
	l.pitch = (kernel.BlocksOf(s.In) + 1) * kernel.Block
	l.offsets = tile.WithAhead(l.offsets, 4*l.shape.Pixels*l.pitch)
	return l
}

// cut makes chunks of rows that stay in the cache with their panel's weights,
// and groups of panels for the workers.
func (l *tiled) cut(workers int) {
	l.rows = min(kernel.CeilDiv(l.Batch, l.shape.Pixels), max(1, tile.CachedFloats/2/l.In/l.shape.Pixels)) * l.shape.Pixels
	l.chunks = kernel.CeilDiv(l.Batch, l.rows)
	l.groups = min(l.panels, kernel.CeilDiv(4*max(1, workers), l.chunks))
	l.perGroup = kernel.CeilDiv(l.panels, l.groups)
	l.groups = kernel.CeilDiv(l.panels, l.perGroup)
}

func (l *tiled) Name() string { return "linear.tiled." + l.ISA.String() }
func (l *tiled) Tasks() int   { return l.groups * l.chunks }

// Scratch holds a task's inputs and a tile's outputs.
func (l *tiled) Scratch() int {
	return l.rows*l.pitch + l.shape.Pixels*l.shape.Channels
}

func (l *tiled) Do(a *kernel.Args, task int, scratch []float32) {
	group, chunk := task%l.groups, task/l.groups
	first := chunk * l.rows
	rows := min(l.rows, l.Batch-first)
	in, out := scratch[:l.rows*l.pitch], scratch[l.rows*l.pitch:]
	for r := range rows {
		row := in[r*l.pitch:][:l.pitch]
		clear(row[copy(row, a.In[0][(first+r)*l.In:][:l.In]):])
	}
	for panel := group * l.perGroup; panel < min(l.panels, (group+1)*l.perGroup); panel++ {
		l.panel(a, in, out, panel, first, rows)
	}
}

// panel computes rows of one panel of outputs.
func (l *tiled) panel(a *kernel.Args, in, out []float32, panel, first, rows int) {
	t := tile.Args{
		Offsets:  unsafe.Pointer(&l.offsets[0]),
		Taps:     len(l.offsets),
		Stride:   4 * l.pitch,
		OutBlock: 4 * kernel.Block * l.shape.Pixels,
		OutPixel: 4 * kernel.Block,
		Scale:    kernel.Pointer(l.scale, panel*l.shape.Channels),
		Shift:    kernel.Pointer(l.shift, panel*l.shape.Channels),
		Act:      l.Act.Number(),
		Slope:    l.Slope,
	}
	t.Use(l.packed, panel*l.depth, l.depth)
	at := 0
	for _, r := range l.shape.Runs(rows) {
		half := min(r.Pixels-1, l.shape.Half)
		for range r.Count {
			t.In0, t.In1 = kernel.Pointer(in, at*l.pitch), kernel.Pointer(in, (at+half)*l.pitch)
			t.Out0, t.Out1 = kernel.Pointer(out, 0), kernel.Pointer(out, half*kernel.Block)
			l.tile.Run(&t, tile.Run{Pixels: r.Pixels, Count: 1, Rows: 1})
			l.store(a.Out, out, panel, first+at, r.Pixels)
			at += r.Pixels
		}
	}
}

// store copies a tile's outputs into rows.
func (l *tiled) store(out, sums []float32, panel, first, n int) {
	for b := range l.shape.Channels / kernel.Block {
		at := panel*l.shape.Channels + b*kernel.Block
		width := min(kernel.Block, l.Out-at)
		if width <= 0 {
			return
		}
		for r := range n {
			copy(out[(first+r)*l.Out+at:][:width], sums[b*kernel.Block*l.shape.Pixels+r*kernel.Block:][:width])
		}
	}
}
