package kernel

import (
	"unsafe"
)

// BlockedSpec describes a convolution to a blocked output.
type BlockedSpec struct {
	ConvSpec
	// InLayout is blocked with a halo no smaller than the padding, or planar.
	InLayout, OutLayout, ResidualLayout Layout
	// Packed is Algorithm.Pack's.
	Packed []float32
	// Workers is how many goroutines will share the tasks.
	Workers int
}

// IsFlat reports whether a convolution is pointwise between maps without halos,
// whose rows follow each other.
func (s *BlockedSpec) IsFlat() bool {
	plain := Layout{Blocked: true}
	return s.Pointwise() && s.InLayout == plain && s.OutLayout == plain && (!s.Residual || s.ResidualLayout == plain)
}

// flatten makes one long row of the maps of a flat convolution, so that tiles
// need not end with the rows.
func (s *BlockedSpec) flatten() {
	s.In.H, s.In.W = 1, s.In.Plane()
	s.Out.H, s.Out.W = 1, s.Out.Plane()
}

// CanBlock reports whether there is a blocked kernel for a convolution.
func CanBlock(s ConvSpec) bool {
	if !Blocked() || s.Padding[0] != s.Padding[1] {
		return false
	}
	if _, group := directTiles(s); group == (merged{}) {
		return false
	}
	return CanBlockAct(s.Act, s.Slope)
}

// merged is how blocked kernels see groups: as fewer, wider ones whose channels
// fill whole blocks and panels, with zero weights between the groups in each.
// ResNeXt's few channels a group would leave most lanes of a vector idle; the
// zeros do too, but cost no reordering. Direct convolution with AVX2 has narrow
// panels for them instead.
type merged struct{ in, out int } // channels of a merged group

// maxMerge bounds the groups that are merged, and so the work on zeros.
const maxMerge = 16

// merge finds the smallest merged groups; false where there are none.
func merge(s ConvSpec) (merged, bool) {
	if s.Groups == 1 {
		return merged{s.In.C, s.Out.C}, true
	}
	in, out := s.In.C/s.Groups, s.Out.C/s.Groups
	for m := 1; m <= maxMerge; m++ {
		if s.Groups%m == 0 && in*m%Block == 0 && out*m%shapeFor(s).channels == 0 {
			return merged{in * m, out * m}, true
		}
	}
	return merged{}, false
}

// blockedConv is a direct convolution: tiles of output pixels by panels of
// output channels, whose sums stay in registers over the whole window.
type blockedConv struct {
	BlockedSpec
	isa          ISA
	shape        tileShape
	group        merged
	scale, shift []float32
	offsets      []int // bytes from a window's start to its taps
	depth        int   // floats of a panel's weights
	parts        int   // that the taps are cut into
	panels       int
	lines        int // of output pixels: rows, or stretches of a flat map
	width        int // of a line, the last of a flat map may be shorter
	rows, groups int // the cut: lines a task, groups of panels
	perGroup     int // panels a group
	chunks       int // of lines, an image
}

// NewBlockedConv returns a convolution kernel for blocked layouts. It takes
// the input and, with Epilogue.Residual, the tensor to add; the output may lie
// on the latter where their layouts are the same.
func NewBlockedConv(s BlockedSpec) Kernel {
	c := &blockedConv{BlockedSpec: s, isa: active}
	c.shape, c.group = directTiles(s.ConvSpec)
	c.flatten()
	c.panels = c.shape.panels(c.Out.C)
	c.scale = Padded(s.Scale, c.panels*c.shape.channels, 1)
	c.shift = Padded(s.Shift, c.panels*c.shape.channels, 0)
	c.cut()
	c.findTaps()
	return c
}

// flatten makes one long row of a flat map, cut into lines.
func (c *blockedConv) flatten() {
	c.lines, c.width = c.Out.H, c.Out.W
	if c.IsFlat() {
		c.BlockedSpec.flatten()
		c.width = min(c.Out.W, 4*c.shape.pixels)
		c.lines = (c.Out.W + c.width - 1) / c.width
	}
}

// flat reports whether lines are stretches of one row.
func (c *blockedConv) flat() bool { return c.lines > c.Out.H }

// Cutting aims: a task's input stays in a core's level-2 cache while all its
// panels pass over it, and workers that are interrupted or have the slower
// memory leave tasks to the others.
const (
	chunkFloats    = 64 << 10
	tasksPerWorker = 16
	fewTasks       = 4 // a worker, of those whose panels are apart
	// partFloats is the weights that stay in a level-2 cache beside the input
	// while the tiles of a task pass over them.
	partFloats = 24 << 10
)

func (c *blockedConv) cut() {
	workers := max(1, c.Workers)
	enoughTasks := tasksPerWorker * workers
	c.rows, c.perGroup = c.lines, c.panels
	if floats := c.lines * c.readPerLine(); floats > chunkFloats {
		c.rows = CeilDiv(c.lines, CeilDiv(floats, chunkFloats))
	}
	if !c.InLayout.Blocked { // each task pads its input once
		c.rows = max(1, min(c.rows, (c.lines+enoughTasks-1)/enoughTasks))
	}
	if c.apart() { // chunks are few, and panels take little time
		blocks := c.panels / c.shape.perBlock() * c.In.N
		c.rows = max(1, min(c.rows, c.lines*blocks/(fewTasks*workers)))
	}
	c.chunks = (c.lines + c.rows - 1) / c.rows
	if have := c.In.N * c.chunks; have < enoughTasks && c.InLayout.Blocked {
		c.perGroup = max(1, c.panels*have/enoughTasks)
	}
	c.perGroup = CeilDiv(c.perGroup, c.shape.perBlock()) * c.shape.perBlock()
	c.groups = (c.panels + c.perGroup - 1) / c.perGroup
}

// apart reports whether panels read channels of their own, so that no task needs
// to keep them all in its cache. It is so with AVX2, where it was measured.
func (c *blockedConv) apart() bool { return c.Groups > 1 && c.shape.loops }

// readPerLine is the floats of the input that a line of the output adds to what
// is read, by one panel if they have groups of their own. Strides leave pixels
// out that no window sees.
func (c *blockedConv) readPerLine() int {
	channels := c.In.C
	if c.apart() {
		channels = BlocksOf(c.group.in) * Block
	}
	if c.flat() {
		return c.width * channels
	}
	return min(c.Stride[0], c.Kernel[0]) * min(c.In.W, c.Out.W*c.Kernel[1]) * channels
}

// findTaps lists where a window's taps lie, and what they read of a pixel.
func (c *blockedConv) findTaps() {
	pixel, pitch, inner := Block, c.InLayout.Pitch(c.In), Block
	var starts []int // of the window, a plane or a quad of it
	switch plane := c.InLayout.Plane(c.In); {
	case c.shape.group > 0:
		inner = quad
		for q := range quads(c.ConvSpec) {
			starts = append(starts, q*quad/Block*plane+q*quad%Block)
		}
	case c.InLayout.Blocked:
		for b := range BlocksOf(c.group.in) {
			starts = append(starts, b*plane)
		}
	default:
		pixel, pitch, inner = 1, c.paddedWidth(), 1
		for ch := range c.In.C {
			starts = append(starts, ch*c.paddedRows()*pitch)
		}
	}
	for _, at := range starts {
		for kh := range c.Kernel[0] {
			for kw := range c.Kernel[1] {
				c.offsets = append(c.offsets, 4*(at+kh*c.Dilation[0]*pitch+kw*c.Dilation[1]*pixel))
			}
		}
	}
	c.offsets = withAhead(c.offsets, 4*c.shape.pixels*pixel*c.Stride[1])
	c.depth = len(c.offsets) * inner * c.shape.channels
	c.parts = 1
	if c.shape.loops && c.InLayout.Blocked {
		c.parts = min(len(c.offsets), CeilDiv(c.depth, partFloats))
	}
}

func (c *blockedConv) Name() string {
	if c.InLayout.Blocked {
		return "conv.direct." + c.isa.String()
	}
	return "conv.stem." + c.isa.String()
}

func (c *blockedConv) Tasks() int { return c.In.N * c.chunks * c.groups }

// Scratch holds a task's rows of a planar input with their padding, or its sums
// between parts.
func (c *blockedConv) Scratch() int {
	switch {
	case !c.InLayout.Blocked:
		return c.In.C * c.paddedRows() * c.paddedWidth()
	case c.parts > 1:
		return c.rows * c.width * Block
	}
	return 0
}

// paddedRows is the input rows that a task's output rows see.
func (c *blockedConv) paddedRows() int {
	return (c.rows-1)*c.Stride[0] + c.Dilation[0]*(c.Kernel[0]-1) + 1
}

func (c *blockedConv) paddedWidth() int { return c.In.W + 2*c.Padding[1] }

func (c *blockedConv) Do(a *Args, task int, scratch []float32) {
	group := task % c.groups
	task /= c.groups
	chunk, image := task%c.chunks, task/c.chunks
	from := chunk * c.rows
	to := min(c.lines, from+c.rows)

	t := tileArgs{act: c.Act.Number(), slope: c.Slope}
	rows := rowSource{data: a.In[0], pitch: c.InLayout.Pitch(c.In) * c.Stride[0], pixel: Block * c.Stride[1]}
	switch {
	case c.flat():
		rows.at = c.InLayout.At(c.In, image, 0, 0, from*c.width)
	case c.InLayout.Blocked:
		rows.at = c.InLayout.At(c.In, image, 0, from*c.Stride[0]-c.Padding[0], -c.Padding[1])
	default:
		c.pad(scratch, a.In[0], image, from)
		rows = rowSource{data: scratch, pitch: c.paddedWidth() * c.Stride[0], pixel: c.Stride[1]}
	}
	for panel := group * c.perGroup; panel < min(c.panels, (group+1)*c.perGroup); panel++ {
		c.panel(a, &t, rows, image, panel, from, to, scratch)
	}
}

// panel computes rows of one panel of output channels.
func (c *blockedConv) panel(a *Args, t *tileArgs, rows rowSource, image, panel, from, to int, scratch []float32) {
	t.scale = Pointer(c.scale, panel*c.shape.channels)
	t.shift = Pointer(c.shift, panel*c.shape.channels)
	block := panel * c.shape.channels / Block
	t.outBlock, t.resBlock = 0, 0
	if block+1 < BlocksOf(c.Out.C) {
		t.outBlock = 4 * c.OutLayout.Plane(c.Out)
		t.resBlock = 4 * c.ResidualLayout.Plane(c.Out)
	}
	rows.at += c.inputOf(panel)
	for part := range c.parts {
		c.use(t, panel, part, scratch)
		c.part(a, t, rows, pixels{image: image, block: block, channel: panel * c.shape.channels % Block}, from, to)
	}
	for b := block; b < min(BlocksOf(c.Out.C), (panel+1)*c.shape.channels/Block); b++ {
		c.OutLayout.ClearHalo(a.Out, c.Out, image, b, from, to)
	}
}

// inputOf is how far from the first channel that of a panel's group is. A panel
// beyond the last channel fills the block.
func (c *blockedConv) inputOf(panel int) int {
	first := min(panel*c.shape.channels, c.Out.C-1) / c.group.out * c.group.in
	return first/Block*c.InLayout.Plane(c.In) + first%Block
}

// use points the tiles to come at a part of a panel's taps.
func (c *blockedConv) use(t *tileArgs, panel, part int, scratch []float32) {
	first, end := part*len(c.offsets)/c.parts, (part+1)*len(c.offsets)/c.parts
	perTap := c.depth / len(c.offsets)
	t.use(c.Packed, panel*c.depth+first*perTap, (end-first)*perTap)
	t.offsets, t.taps = unsafe.Pointer(&c.offsets[first]), end-first
	if c.parts > 1 {
		t.sums = uintptr(Pointer(scratch, 0))
		t.resume, t.pause = part, c.parts-1-part
	}
}

// pad copies the input rows that a task's output rows see, with padding.
func (c *blockedConv) pad(dst, src []float32, image, from int) {
	width, rows := c.paddedWidth(), c.paddedRows()
	for ch := range c.In.C {
		plane := src[(image*c.In.C+ch)*c.In.Plane():][:c.In.Plane()]
		for r := range rows {
			line := dst[(ch*rows+r)*width:][:width]
			y := from*c.Stride[0] - c.Padding[0] + r
			if y < 0 || y >= c.In.H {
				clear(line)
				continue
			}
			clear(line[:c.Padding[1]])
			copy(line[c.Padding[1]:], plane[y*c.In.W:(y+1)*c.In.W])
			clear(line[c.Padding[1]+c.In.W:])
		}
	}
}
