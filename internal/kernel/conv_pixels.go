package kernel

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
func (c *blockedConv) part(a *Args, t *tileArgs, rows rowSource, p pixels, from, to int) {
	p.in, p.step, p.below = rows.data, c.across(rows), c.down(rows)
	if c.flat() {
		p.at, p.x = rows.at, from*c.width
		c.band(a, t, p, min(c.Out.W, to*c.width)-p.x, 1)
		return
	}
	width := c.width
	if c.shape.loops && width == c.shape.pixels+1 {
		width-- // the last column for itself: its tiles are full, half of a row's are not
	}
	for y, n := from, 1; y < to; y += n {
		p.at, p.y = rows.at+(y-from)*rows.pitch, y
		if width == c.shape.half && y+1 < to {
			c.tiles(a, t, p, p.next(p.below, 1), tileRun{2 * width, 1, 1})
			n = 2
			continue
		}
		n = 1
		if c.shape.loops {
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

func (c *blockedConv) across(rows rowSource) pixelStep {
	return pixelStep{in: 4 * rows.pixel, out: 4 * Block, res: 4 * Block, x: 1}
}

func (c *blockedConv) down(rows rowSource) pixelStep {
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
func (p pixels) of(d Dims, l Layout) int { return l.At(d, p.image, p.block, p.y, p.x) + p.channel }

// band computes n pixels of some rows.
func (c *blockedConv) band(a *Args, t *tileArgs, p pixels, n, rows int) {
	for _, r := range c.shape.runs(n) {
		if r.count > 0 {
			r.rows = rows
			c.tiles(a, t, p, p.next(p.step, min(r.pixels-1, c.shape.half)), r)
			p = p.next(p.step, r.count*r.pixels)
		}
	}
}

// tiles computes a run: of the first tile, the first half of the pixels lies
// from p on, the others from q on.
func (c *blockedConv) tiles(a *Args, t *tileArgs, p, q pixels, r tileRun) {
	out, res := c.OutLayout, c.ResidualLayout
	t.in0, t.in1 = Pointer(p.in, p.at), Pointer(q.in, q.at)
	t.out0 = Pointer(a.Out, p.of(c.Out, out))
	t.out1 = Pointer(a.Out, q.of(c.Out, out))
	if c.Residual {
		t.res0 = Pointer(a.In[1], p.of(c.Out, res))
		t.res1 = Pointer(a.In[1], q.of(c.Out, res))
		t.resStep = r.pixels * p.step.res
		t.rowRes = p.below.res - (r.count-1)*t.resStep
	}
	t.stride, t.outPixel, t.resPixel = p.step.in, p.step.out, p.step.res
	t.inStep, t.outStep = r.pixels*p.step.in, r.pixels*p.step.out
	t.rowIn, t.rowOut = p.below.in-(r.count-1)*t.inStep, p.below.out-(r.count-1)*t.outStep
	tiles(c.shape, t, r, c.InLayout.Blocked)
	if c.parts > 1 {
		t.sums += uintptr(4 * Block * r.pixels)
	}
}
