package jpeg

// plane is one of a picture's planes while it is decoded.
type plane struct {
	h, v             int
	quant            [64]uint16 // as it was when the plane's first scan began
	latched          bool
	blocksX, blocksY int // blocks that hold pixels
	padX             int // blocks in a row of whole MCUs
	size             int // pixels on a side of a block: 8, less when scaled
	width, height    int // in pixels
	up               upsampler

	// rows is a ring: of row y the pixels begin at rows[(y mod ringRows)·stride
	// + margin].
	rows     []uint8
	ringRows int
	stride   int

	coefficients []int16  // all of them, where there are several scans
	nonzero      []uint64 // of each block, which are not zero, in the order of a file
	bitsKnown    [64]int8 // the low bits of each that are still open; -1: all
	bitsBefore   [64]int8 // the same before the last scan of the plane
	previous     int      // the first coefficient of the block before

	// What the window needs: blocks of each row, and rows.
	firstBlock, endBlock int
	firstRow, endRow     int
}

// margin is how many bytes lie before each row of a ring, and at least after
// it: neighbours that are looked at beyond the edges, and what whole vectors
// read.
const margin = 64

func ceil(a, b int) int { return (a + b - 1) / b }

// layOut finds the geometry of the picture's planes at a scale.
func (d *Decoder) layOut() error {
	h := &d.header
	d.maxH, d.maxV = 1, 1
	for _, p := range h.Plane[:h.Planes] {
		d.maxH, d.maxV = max(d.maxH, p.H), max(d.maxV, p.V)
	}
	least := 8 / d.scale
	d.mcusX, d.mcusY = ceil(h.Width, 8*d.maxH), ceil(h.Height, 8*d.maxV)
	d.outWidth, d.outHeight = ceil(h.Width, d.scale), ceil(h.Height, d.scale)
	d.mcuRows = d.maxV * least
	d.context = 0
	for i := range h.Planes {
		p := &d.planes[i]
		p.h, p.v = h.Plane[i].H, h.Plane[i].V
		p.size = least
		// A plane of less resolution is scaled down less, where that spares
		// bringing it up again.
		for p.size < 8 && d.maxH*least%(p.h*p.size*2) == 0 && d.maxV*least%(p.v*p.size*2) == 0 {
			p.size *= 2
		}
		p.blocksX, p.blocksY = ceil(h.Width*p.h, 8*d.maxH), ceil(h.Height*p.v, 8*d.maxV)
		p.padX = d.mcusX * p.h
		p.width = ceil(h.Width*p.h*p.size, 8*d.maxH)
		p.height = ceil(h.Height*p.v*p.size, 8*d.maxV)
		p.latched, p.previous = false, 0
		p.quant = [64]uint16{}
		for k := range p.bitsKnown {
			p.bitsKnown[k], p.bitsBefore[k] = -1, -1
		}
		var err error
		if p.up, err = d.upsamplerOf(i); err != nil {
			return err
		}
		if p.up.context() {
			d.context = 1
		}
	}
	return nil
}

// lookAt finds which blocks and rows of each plane the window needs.
func (d *Decoder) lookAt() {
	w := d.window
	for i := range d.header.Planes {
		p := &d.planes[i]
		x0, x1 := p.up.columns(w.Min.X, w.Max.X, p.width)
		p.firstBlock, p.endBlock = x0/p.size, min(ceil(x1, p.size), p.blocksX)
		p.firstRow, p.endRow = p.up.rows(w.Min.Y, w.Max.Y, p.height)
	}
}

// reserve takes the memory of the rings and, for several scans, of the
// coefficients, where what the decoder has is too small.
func (d *Decoder) reserve(coefficients bool) {
	for i := range d.header.Planes {
		p := &d.planes[i]
		p.ringRows = p.v * p.size * (1 + d.context)
		lines := ceil(margin+p.padX*p.size+margin, 64)
		// An even number of cache lines a row would use few sets of the cache.
		p.stride = 64 * (lines | 1)
		p.rows = grow(p.rows, p.ringRows*p.stride)
		if coefficients {
			p.coefficients = grow(p.coefficients, 64*p.padX*p.v*d.mcusY)
			clear(p.coefficients)
			p.nonzero = grow(p.nonzero, p.padX*p.v*d.mcusY)
			clear(p.nonzero)
		}
	}
}

// grow returns a slice of a size, the one given if that has room.
func grow[T any](s []T, size int) []T {
	if cap(s) < size {
		return make([]T, size)
	}
	return s[:size]
}

// row is the pixels of row y, with its margin behind, from column x. One before
// is in the margin.
func (p *plane) row(y, x int) []uint8 {
	y = min(max(y, 0), p.height-1)
	at := y%p.ringRows*p.stride + margin + x
	return p.rows[at : (y%p.ringRows+1)*p.stride]
}

// block is a block's coefficients, and which are not zero.
func (p *plane) block(x, y int) (*block, *uint64) {
	at := y*p.padX + x
	return (*block)(p.coefficients[64*at:]), &p.nonzero[at]
}

// wantsRow reports whether the window needs a row of blocks.
func (p *plane) wantsRow(y int) bool {
	return y < p.blocksY && p.firstRow < (y+1)*p.size && y*p.size < p.endRow
}

// at is where a block's pixels begin in the ring.
func (p *plane) at(x, y int) int {
	return y*p.size%p.ringRows*p.stride + margin + x*p.size
}
