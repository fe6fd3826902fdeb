package conv

import (
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/tile"
)

// How a direct convolution walks over the pixels of a task: along rows, along the
// stretches of a flat map, down a column.

// rowSource is where the windows of a task's output rows begin, and how far
// they are apart.
type rowSource struct {
	data             []float32
	at, pitch, pixel int
}

// part computes rows, or stretches of a flat map, of what t is pointed at and
// the channels of p.
func (c *direct) part(a *kernel.Args, t *tile.Args, rows rowSource, p pixels, from, to int) {
	p.in, p.step, p.below = rows.data, c.across(rows), c.down(rows)
	if c.flat() {
		p.at, p.x = rows.at, from*c.width
		c.band(a, t, p, min(c.Out.W, to*c.width)-p.x, 1)
		return
	}
	width := c.width
	if c.shape.Loops && width == c.shape.Pixels+1 {
		width-- // the last column for itself: its tiles are full, half of a row's are not
	}
	for y, n := from, 1; y < to; y += n {
		p.at, p.y = rows.at+(y-from)*rows.pitch, y
		if width == c.shape.Half && y+1 < to {
			c.tiles(a, t, p, p.next(p.below, 1), tile.Run{Pixels: 2 * width, Count: 1, Rows: 1})
			n = 2
			continue
		}
		n = 1
		if c.shape.Loops {
			n = to - y
		}
		c.band(a, t, p, width, n)
	}
	if width < c.width {
		p.at, p.y, p.x = rows.at+width*rows.pixel, from, width
		p.step = p.below
		c.band(a, t, p, to-from, 1)
	}
}

// pixels is where pixels of a block of channels begin: in the input, and in
// the output and the residual.
type pixels struct {
	in           []float32
	at           int // in the input
	image, block int
	channel      int // of the block, the panel's first
	y, x         int
	// step leads to the next pixel of a tile, below to the next row.
	step, below pixelStep
}

// pixelStep leads from one pixel to another: in bytes, and in rows and
// columns.
type pixelStep struct {
	in, out, res int
	y, x         int
}

func (c *direct) across(rows rowSource) pixelStep {
	return pixelStep{in: 4 * rows.pixel, out: 4 * kernel.Block, res: 4 * kernel.Block, x: 1}
}

func (c *direct) down(rows rowSource) pixelStep {
	return pixelStep{in: 4 * rows.pitch, out: 4 * c.OutLayout.Pitch(c.Out), res: 4 * c.ResidualLayout.Pitch(c.Out), y: 1}
}

// next is n steps on.
func (p pixels) next(s pixelStep, n int) pixels {
	p.at += n * s.in / 4
	p.y += n * s.y
	p.x += n * s.x
	return p
}

// of is the index in a map.
func (p pixels) of(d kernel.Dims, l kernel.Layout) int {
	return l.At(d, p.image, p.block, p.y, p.x) + p.channel
}

// band computes n pixels of some rows.
func (c *direct) band(a *kernel.Args, t *tile.Args, p pixels, n, rows int) {
	for _, r := range c.shape.Runs(n) {
		if r.Count > 0 {
			r.Rows = rows
			c.tiles(a, t, p, p.next(p.step, min(r.Pixels-1, c.shape.Half)), r)
			p = p.next(p.step, r.Count*r.Pixels)
		}
	}
}

// tiles computes a run: of the first tile, the first half of the pixels lies
// from p on, the others from q on.
func (c *direct) tiles(a *kernel.Args, t *tile.Args, p, q pixels, r tile.Run) {
	out, res := c.OutLayout, c.ResidualLayout
	t.In0, t.In1 = kernel.Pointer(p.in, p.at), kernel.Pointer(q.in, q.at)
	t.Out0 = kernel.Pointer(a.Out, p.of(c.Out, out))
	t.Out1 = kernel.Pointer(a.Out, q.of(c.Out, out))
	if c.Residual {
		t.Res0 = kernel.Pointer(a.In[1], p.of(c.Out, res))
		t.Res1 = kernel.Pointer(a.In[1], q.of(c.Out, res))
		t.ResStep = r.Pixels * p.step.res
		t.RowRes = p.below.res - (r.Count-1)*t.ResStep
	}
	t.Stride, t.OutPixel, t.ResPixel = p.step.in, p.step.out, p.step.res
	t.InStep, t.OutStep = r.Pixels*p.step.in, r.Pixels*p.step.out
	t.RowIn, t.RowOut = p.below.in-(r.Count-1)*t.InStep, p.below.out-(r.Count-1)*t.OutStep
	c.tile.Run(t, r)
	if c.parts > 1 {
		t.Sums += uintptr(4 * kernel.Block * r.Pixels)
	}
}
