package kernel

import "unsafe"

// transformed is what Winograd's and Strassen's algorithms have in common: they
// transform items of the input, tiles or pairs of pixels, into some positions;
// multiply the items at each position with weights of its own; and transform
// the products into the output. A task transforms a chunk of items and
// multiplies it with a group of panels.
type transformed struct {
	shape  tileShape
	packed []float32 // [outer][panel][position][input channel][output channel]
	items  int       // of the batch
	outer  int       // times that all of this happens, with other weights each
	area   int       // positions
	blocks int       // of input channels at a position
	panels int       // of output channels at a position

	offsets     []int // bytes to the blocks of input channels in V
	ones, zeros []float32
	chunk       int // items a task
	chunks      int
	perGroup    int // panels a group
	groups      int
}

// cutting is what the size of tasks depends on.
type cutting struct {
	workers int
	items   int     // the most that a chunk should have
	in, out float64 // what transforming an item costs: all of its input, a panel
}

// cut makes tasks. Workers share the chunks, and where that does not give all
// of them the same work also the panels, although each group of panels
// transforms the input again.
func (t *transformed) cut(c cutting) {
	c.workers = max(1, c.workers)
	least := CeilDiv(t.items, max(2*t.shape.pixels, c.items))
	best := 0.0
	for groups := 1; groups <= min(t.panels, 2*c.workers); groups++ {
		for chunks := least; chunks < least+2*c.workers; chunks++ {
			if cost := t.makespan(c, chunks, groups); best == 0 || cost < best {
				best, t.chunks, t.groups = cost, chunks, groups
			}
		}
	}
	t.perGroup = CeilDiv(t.panels, t.groups)
	t.groups = CeilDiv(t.panels, t.perGroup)
	t.lay(CeilDiv(t.items, t.chunks))
}

// lay makes chunks of so many items.
func (t *transformed) lay(chunk int) {
	t.chunk, t.chunks = chunk, CeilDiv(t.items, chunk)
	t.offsets = t.offsets[:0]
	for b := range t.blocks {
		t.offsets = append(t.offsets, 4*b*t.chunk*Block)
	}
	t.offsets = withAhead(t.offsets, 4*t.shape.pixels*Block)
	t.ones, t.zeros = Padded(nil, t.shape.channels, 1), Aligned(t.shape.channels)
}

// makespan models how long workers take for tasks of so many chunks and groups
// of panels.
func (t *transformed) makespan(c cutting, chunks, groups int) float64 {
	n := CeilDiv(t.items, chunks)
	weights := float64(t.area * t.blocks * t.shape.channels) // vectors
	product := weights*perWeight(n) + float64(t.shape.callCost()*t.area*CeilDiv(n, t.shape.pixels))
	panel := product*float64(max(1, t.outer)) + c.out*float64(n)
	task := c.in*float64(n) + panel*float64(CeilDiv(t.panels, groups))
	return task * float64(CeilDiv(chunks*groups, c.workers))
}

// Tasks is the number of chunks and groups of panels.
func (t *transformed) Tasks() int { return t.chunks * t.groups }

// sizeV and sizeM are the floats of a chunk's transformed input, and of its
// products with a panel.
func (t *transformed) sizeV() int { return t.area * t.stepV() }
func (t *transformed) sizeM() int { return t.area * t.stepM() }

// stepV and stepM are the floats from position to position. An odd number of
// cache lines spreads an item's positions over the cache's sets.
func (t *transformed) stepV() int { return (t.blocks*t.chunk | 1) * Block }
func (t *transformed) stepM() int { return (t.shape.channels/Block*t.chunk | 1) * Block }

// span is what a task computes: n items from the first, and panels from … to-1.
func (t *transformed) Span(task int) (first, n, from, to int) {
	group, chunk := task%t.groups, task/t.groups
	first = chunk * t.chunk
	from = group * t.perGroup
	return first, min(t.chunk, t.items-first), from, min(t.panels, from+t.perGroup)
}

// multiply computes M for a panel: at each position the items are a matrix of
// n pixels, which a pointwise convolution multiplies with the weights.
func (t *transformed) multiply(m, v []float32, panel, n int) {
	depth := len(t.offsets) * Block * t.shape.channels
	a := tileArgs{
		offsets:  unsafe.Pointer(&t.offsets[0]),
		taps:     len(t.offsets),
		stride:   4 * Block,
		outBlock: 4 * t.chunk * Block,
		scale:    Pointer(t.ones, 0),
		shift:    Pointer(t.zeros, 0),
		outPixel: 4 * Block,
	}
	for pos := range t.area {
		a.use(t.packed, (panel*t.area+pos)*depth, depth)
		in, out := pos*t.stepV(), pos*t.stepM()
		for _, r := range t.shape.runs(n) {
			if r.count == 0 {
				continue
			}
			half := min(r.pixels-1, t.shape.half) * Block
			a.in0, a.in1 = Pointer(v, in), Pointer(v, in+half)
			a.out0, a.out1 = Pointer(m, out), Pointer(m, out+half)
			a.inStep, a.outStep = 4*r.pixels*Block, 4*r.pixels*Block
			tiles(t.shape, &a, r, true)
			in += r.count * r.pixels * Block
			out += r.count * r.pixels * Block
		}
	}
}
