package transformed

import (
	"unsafe"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/tile"
)

// Work is what Winograd's and Strassen's algorithms have in common: they
// transform items of the input, tiles or pairs of pixels, into some positions;
// multiply the items at each position with weights of its own; and transform
// the products into the output. A task transforms a chunk of items and
// multiplies it with a group of panels.
type Work struct {
	Shape   tile.Shape
	Weights []float32 // [outer][panel][position][input channel][output channel]
	Items   int       // of the batch
	Outer   int       // times that all of this happens, with other weights each
	Area    int       // positions
	Blocks  int       // of input channels at a position
	Panels  int       // of output channels at a position

	// What Cut finds: items a task, and panels a group of them.
	Chunk, Chunks    int
	PerGroup, groups int

	// Ones and Zeros are the scale and the shift of nothing, for a panel.
	Ones, Zeros []float32

	tile    *tile.Tile
	offsets []int // bytes to the blocks of input channels in V
}

// TransformCost is what Winograd's transforms of a tile cost, a position on
// either side, in multiplications of vectors.
const TransformCost = 7.5

// Cutting is what the size of tasks depends on.
type Cutting struct {
	Workers int
	Items   int     // the most that a chunk should have
	In, Out float64 // what transforming an item costs: all of its input, a panel
}

// Cut makes tasks. Workers share the chunks, and where that does not give all
// of them the same work also the panels, although each group of panels
// transforms the input again.
func (t *Work) Cut(c Cutting) {
	least := kernel.CeilDiv(t.Items, max(2*t.Shape.Pixels, c.Items))
	t.cut(c, least, least+2*max(1, c.Workers)-1)
}

// CutInto makes tasks of so many chunks.
func (t *Work) CutInto(c Cutting, chunks int) { t.cut(c, chunks, chunks) }

// cut makes tasks of least to most chunks.
func (t *Work) cut(c Cutting, least, most int) {
	c.Workers = max(1, c.Workers)
	best := 0.0
	for groups := 1; groups <= min(t.Panels, 2*c.Workers); groups++ {
		for chunks := least; chunks <= most; chunks++ {
			if cost := t.makespan(c, chunks, groups); best == 0 || cost < best {
				best, t.Chunks, t.groups = cost, chunks, groups
			}
		}
	}
	t.PerGroup = kernel.CeilDiv(t.Panels, t.groups)
	t.groups = kernel.CeilDiv(t.Panels, t.PerGroup)
	t.lay(kernel.CeilDiv(t.Items, t.Chunks))
}

// lay makes chunks of so many items.
func (t *Work) lay(chunk int) {
	t.Chunk, t.Chunks = chunk, kernel.CeilDiv(t.Items, chunk)
	t.offsets = t.offsets[:0]
	for b := range t.Blocks {
		t.offsets = append(t.offsets, 4*b*t.Chunk*kernel.Block)
	}
	t.offsets = tile.WithAhead(t.offsets, 4*t.Shape.Pixels*kernel.Block)
	t.tile = tile.Find(t.Shape, kernel.Block)
	t.Ones, t.Zeros = kernel.Padded(nil, t.Shape.Channels, 1), kernel.Aligned(t.Shape.Channels)
}

// makespan models how long workers take for tasks of so many chunks and groups
// of panels.
func (t *Work) makespan(c Cutting, chunks, groups int) float64 {
	n := kernel.CeilDiv(t.Items, chunks)
	weights := float64(t.Area * t.Blocks * t.Shape.Channels) // vectors
	product := weights*tile.PerWeight(n) + float64(t.Shape.CallCost()*t.Area*kernel.CeilDiv(n, t.Shape.Pixels))
	panel := product*float64(max(1, t.Outer)) + c.Out*float64(n)
	task := c.In*float64(n) + panel*float64(kernel.CeilDiv(t.Panels, groups))
	return task * float64(kernel.CeilDiv(chunks*groups, c.Workers))
}

// Tasks is the number of chunks and groups of panels.
func (t *Work) Tasks() int { return t.Chunks * t.groups }

// SizeV and SizeM are the floats of a chunk's transformed input, and of its
// products with a panel.
func (t *Work) SizeV() int { return t.Area * t.StepV() }
func (t *Work) SizeM() int { return t.Area * t.StepM() }

// StepV and StepM are the floats from position to position. An odd number of
// cache lines spreads an item's positions over the cache's sets.
func (t *Work) StepV() int { return (t.Blocks*t.Chunk | 1) * kernel.Block }
func (t *Work) StepM() int { return (t.Shape.Channels/kernel.Block*t.Chunk | 1) * kernel.Block }

// Span is what a task computes: n items from the first, and panels from … to-1.
func (t *Work) Span(task int) (first, n, from, to int) {
	group, chunk := task%t.groups, task/t.groups
	first = chunk * t.Chunk
	from = group * t.PerGroup
	return first, min(t.Chunk, t.Items-first), from, min(t.Panels, from+t.PerGroup)
}

// Multiply computes M for a panel: at each position the items are a matrix of
// n pixels, which a pointwise convolution multiplies with the weights.
func (t *Work) Multiply(m, v []float32, panel, n int) {
	depth := len(t.offsets) * kernel.Block * t.Shape.Channels
	a := tile.Args{
		Offsets:  unsafe.Pointer(&t.offsets[0]),
		Taps:     len(t.offsets),
		Stride:   4 * kernel.Block,
		OutBlock: 4 * t.Chunk * kernel.Block,
		Scale:    kernel.Pointer(t.Ones, 0),
		Shift:    kernel.Pointer(t.Zeros, 0),
		OutPixel: 4 * kernel.Block,
	}
	for pos := range t.Area {
		a.Use(t.Weights, (panel*t.Area+pos)*depth, depth)
		in, out := pos*t.StepV(), pos*t.StepM()
		for _, r := range t.Shape.Runs(n) {
			if r.Count == 0 {
				continue
			}
			half := min(r.Pixels-1, t.Shape.Half) * kernel.Block
			a.In0, a.In1 = kernel.Pointer(v, in), kernel.Pointer(v, in+half)
			a.Out0, a.Out1 = kernel.Pointer(m, out), kernel.Pointer(m, out+half)
			a.InStep, a.OutStep = 4*r.Pixels*kernel.Block, 4*r.Pixels*kernel.Block
			t.tile.Run(&a, r)
			in += r.Count * r.Pixels * kernel.Block
			out += r.Count * r.Pixels * kernel.Block
		}
	}
}
