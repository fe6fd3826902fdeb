package conv

import (
	"unsafe"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/tile"
)

// direct is a direct convolution: tiles of output pixels by panels of
// output channels, whose sums stay in registers over the whole window.
type direct struct {
	kernel.BlockedSpec
	shape        tile.Shape
	tile         *tile.Tile
	group        tile.Groups
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

// newDirect returns the kernel.
func newDirect(s kernel.BlockedSpec) kernel.Kernel {
	c := &direct{BlockedSpec: s}
	c.shape, c.group = tile.ForDirect(s.ConvSpec)
	c.tile = tile.Find(c.shape, c.step())
	c.flatten()
	c.panels = c.shape.Panels(c.Out.C)
	c.scale = kernel.Padded(s.Scale, c.panels*c.shape.Channels, 1)
	c.shift = kernel.Padded(s.Shift, c.panels*c.shape.Channels, 0)
	c.cut()
	c.findTaps()
	return c
}

// step is the input channels of a tap.
func (c *direct) step() int {
	switch {
	case c.shape.Group > 0:
		return tile.Quad
	case c.InLayout.Blocked:
		return kernel.Block
	}
	return 1
}

// flatten makes one long row of a flat map, cut into lines.
func (c *direct) flatten() {
	c.lines, c.width = c.Out.H, c.Out.W
	if c.IsFlat() {
		c.Flatten()
		c.width = min(c.Out.W, 4*c.shape.Pixels)
		c.lines = kernel.CeilDiv(c.Out.W, c.width)
	}
}

// flat reports whether lines are stretches of one row.
func (c *direct) flat() bool { return c.lines > c.Out.H }

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

func (c *direct) cut() {
	workers := max(1, c.Workers)
	enoughTasks := tasksPerWorker * workers
	c.rows, c.perGroup = c.lines, c.panels
	if floats := c.lines * c.readPerLine(); floats > chunkFloats {
		c.rows = kernel.CeilDiv(c.lines, kernel.CeilDiv(floats, chunkFloats))
	}
	if !c.InLayout.Blocked { // each task pads its input once
		c.rows = max(1, min(c.rows, kernel.CeilDiv(c.lines, enoughTasks)))
	}
	if c.apart() { // chunks are few, and panels take little time
		blocks := c.panels / c.shape.PerBlock() * c.In.N
		c.rows = max(1, min(c.rows, c.lines*blocks/(fewTasks*workers)))
	}
	c.chunks = kernel.CeilDiv(c.lines, c.rows)
	if have := c.In.N * c.chunks; have < enoughTasks && c.InLayout.Blocked {
		c.perGroup = max(1, c.panels*have/enoughTasks)
	}
	c.perGroup = kernel.CeilDiv(c.perGroup, c.shape.PerBlock()) * c.shape.PerBlock()
	c.groups = kernel.CeilDiv(c.panels, c.perGroup)
}

// apart reports whether panels read channels of their own, so that no task needs
// to keep them all in its cache. It is so with AVX2, where it was measured.
func (c *direct) apart() bool { return c.Groups > 1 && c.shape.Loops }

// readPerLine is the floats of the input that a line of the output adds to what
// is read, by one panel if they have groups of their own. Strides leave pixels
// out that no window sees.
func (c *direct) readPerLine() int {
	channels := c.In.C
	if c.apart() {
		channels = kernel.BlocksOf(c.group.In) * kernel.Block
	}
	if c.flat() {
		return c.width * channels
	}
	return min(c.Stride[0], c.Kernel[0]) * min(c.In.W, c.Out.W*c.Kernel[1]) * channels
}

// findTaps lists where a window's taps lie, and what they read of a pixel.
func (c *direct) findTaps() {
	pixel, pitch := kernel.Block, c.InLayout.Pitch(c.In)
	var starts []int // of the window, a plane or a quad of it
	switch plane := c.InLayout.Plane(c.In); {
	case c.shape.Group > 0:
		for q := range tile.Quads(c.ConvSpec) {
			starts = append(starts, q*tile.Quad/kernel.Block*plane+q*tile.Quad%kernel.Block)
		}
	case c.InLayout.Blocked:
		for b := range kernel.BlocksOf(c.group.In) {
			starts = append(starts, b*plane)
		}
	default:
		pixel, pitch = 1, c.paddedWidth()
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
	c.offsets = tile.WithAhead(c.offsets, 4*c.shape.Pixels*pixel*c.Stride[1])
	c.depth = len(c.offsets) * c.step() * c.shape.Channels
	c.parts = 1
	if c.shape.Loops && c.InLayout.Blocked {
		c.parts = min(len(c.offsets), kernel.CeilDiv(c.depth, partFloats))
	}
}

func (c *direct) Name() string {
	if c.InLayout.Blocked {
		return "conv.direct." + c.ISA.String()
	}
	return "conv.stem." + c.ISA.String()
}

func (c *direct) Tasks() int { return c.In.N * c.chunks * c.groups }

// Scratch holds a task's rows of a planar input with their padding, or its sums
// between parts.
func (c *direct) Scratch() int {
	switch {
	case !c.InLayout.Blocked:
		return c.In.C * c.paddedRows() * c.paddedWidth()
	case c.parts > 1:
		return c.rows * c.width * kernel.Block
	}
	return 0
}

// paddedRows is the input rows that a task's output rows see.
func (c *direct) paddedRows() int {
	return (c.rows-1)*c.Stride[0] + c.Dilation[0]*(c.Kernel[0]-1) + 1
}

func (c *direct) paddedWidth() int { return c.In.W + 2*c.Padding[1] }

func (c *direct) Do(a *kernel.Args, task int, scratch []float32) {
	group := task % c.groups
	task /= c.groups
	chunk, image := task%c.chunks, task/c.chunks
	from := chunk * c.rows
	to := min(c.lines, from+c.rows)

	t := tile.Args{Act: c.Act.Number(), Slope: c.Slope}
	rows := rowSource{data: a.In[0], pitch: c.InLayout.Pitch(c.In) * c.Stride[0], pixel: kernel.Block * c.Stride[1]}
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
func (c *direct) panel(a *kernel.Args, t *tile.Args, rows rowSource, image, panel, from, to int, scratch []float32) {
	t.Scale = kernel.Pointer(c.scale, panel*c.shape.Channels)
	t.Shift = kernel.Pointer(c.shift, panel*c.shape.Channels)
	block := panel * c.shape.Channels / kernel.Block
	t.OutBlock, t.ResBlock = 0, 0
	if block+1 < kernel.BlocksOf(c.Out.C) {
		t.OutBlock = 4 * c.OutLayout.Plane(c.Out)
		t.ResBlock = 4 * c.ResidualLayout.Plane(c.Out)
	}
	rows.at += c.inputOf(panel)
	for part := range c.parts {
		c.use(t, panel, part, scratch)
		c.part(a, t, rows, pixels{image: image, block: block, channel: panel * c.shape.Channels % kernel.Block}, from, to)
	}
	for b := block; b < min(kernel.BlocksOf(c.Out.C), (panel+1)*c.shape.Channels/kernel.Block); b++ {
		c.OutLayout.ClearHalo(a.Out, c.Out, image, b, from, to)
	}
}

// inputOf is how far from the first channel that of a panel's group is. A panel
// beyond the last channel fills the block.
func (c *direct) inputOf(panel int) int {
	first := min(panel*c.shape.Channels, c.Out.C-1) / c.group.Out * c.group.In
	return first/kernel.Block*c.InLayout.Plane(c.In) + first%kernel.Block
}

// use points the tiles to come at a part of a panel's taps.
func (c *direct) use(t *tile.Args, panel, part int, scratch []float32) {
	first, end := part*len(c.offsets)/c.parts, (part+1)*len(c.offsets)/c.parts
	perTap := c.depth / len(c.offsets)
	t.Use(c.Packed, panel*c.depth+first*perTap, (end-first)*perTap)
	t.Offsets, t.Taps = unsafe.Pointer(&c.offsets[first]), end-first
	if c.parts > 1 {
		t.Sums = uintptr(kernel.Pointer(scratch, 0))
		t.Resume, t.Pause = part, c.parts-1-part
	}
}

// pad copies the input rows that a task's output rows see, with padding.
func (c *direct) pad(dst, src []float32, image, from int) {
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
