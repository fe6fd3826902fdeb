package jpeg

import "github.com/pkg/errors"

// scanState is where a scan stands.
type scanState struct {
	marker      byte // that ends the segment, or 0: the file ends
	after       int  // where the bytes after it begin
	exhausted   bool // the segment ended early: zeros until the next restart
	left        int  // MCUs until the next restart
	nextRestart int
	endRun      int // blocks to come whose band has ended

	blocks   [10]mcuBlock
	count    int // blocks of an MCU
	width    int // MCUs in a row
	together bool
}

// mcuBlock is one block of each MCU.
type mcuBlock struct {
	plane  *plane
	dc, ac *huffman
	step   int // from an MCU's block to that of the next
	dx, dy int // where in the MCU

	// Of the row that is decoded: which of its blocks are wanted, and where the
	// pixels of the first one go.
	first, end, at int
}

// allowance is how many blocks all scans of a picture may visit. Encoders make
// some ten scans; 64 over the whole picture are free, any more must bring a bit
// for each block. So time is bounded by the size of the picture and the length
// of the file, however many scans are claimed.
func (d *Decoder) allowance() int64 {
	blocks := 0
	for i := range d.header.Planes {
		p := &d.planes[i]
		blocks += p.padX * p.v * d.mcusY
	}
	return 64*int64(blocks) + 8*int64(len(d.data))
}

// beginScan prepares for the scan whose header was read.
func (d *Decoder) beginScan() error {
	s, st := &d.scan, &d.scanning
	*st = scanState{together: s.planes > 1}
	if d.header.Progressive {
		if err := s.check(); err != nil {
			return err
		}
	} else {
		d.standardTables()
	}
	for i := range s.planes {
		p := &d.planes[s.plane[i]]
		if err := d.latch(p, int(s.plane[i])); err != nil {
			return err
		}
		dc, ac, err := d.tablesOf(i)
		if err != nil {
			return err
		}
		if !st.together {
			st.blocks[0], st.count, st.width = mcuBlock{plane: p, dc: dc, ac: ac, step: 1}, 1, p.blocksX
			break
		}
		if st.count+p.h*p.v > len(st.blocks) {
			return malformed("more than %d blocks in an MCU", len(st.blocks))
		}
		for j := range p.h * p.v {
			st.blocks[st.count] = mcuBlock{plane: p, dc: dc, ac: ac, step: p.h, dx: j % p.h, dy: j / p.h}
			st.count++
		}
		st.width = d.mcusX
	}
	d.beginSegment(s.firstEntropyAt)
	return nil
}

// latch keeps the quantisation table of a plane as it is when its first scan
// begins.
func (d *Decoder) latch(p *plane, index int) error {
	if p.latched {
		return nil
	}
	table := d.quantOf[index]
	if table > 3 || !d.quantGiven[table] {
		return malformed("plane %d uses quantisation table %d, which the file does not define", index, table)
	}
	p.quant, p.latched = d.quant[table], true
	return nil
}

// tablesOf returns the Huffman tables that a scan needs for one of its planes.
func (d *Decoder) tablesOf(i int) (dc, ac *huffman, err error) {
	s, progressive := &d.scan, d.header.Progressive
	if !progressive || s.from == 0 && s.high == 0 {
		if dc, err = d.table(s.dc[i], true); err != nil {
			return nil, nil, err
		}
	}
	if !progressive || s.from > 0 {
		ac, err = d.table(s.ac[i], false)
	}
	return dc, ac, err
}

// check refuses a progressive scan that no order of scans may have.
func (s *scanHeader) check() error {
	switch {
	case s.from == 0 && s.to != 0,
		s.from > s.to || s.to > 63,
		s.from > 0 && s.planes > 1,
		s.high != 0 && s.low != s.high-1,
		s.low > 13:
		return malformed("a progressive scan of %d planes, coefficients %d to %d, bits %d to %d", s.planes, s.from, s.to, s.high, s.low)
	}
	return nil
}

// beginSegment begins with the entropy-coded data at a byte.
func (d *Decoder) beginSegment(at int) {
	st := &d.scanning
	st.marker, st.after = d.load(d.data, at)
	st.exhausted, st.endRun, st.left = false, 0, d.interval
	for i := range d.planes {
		d.planes[i].previous = 0
	}
}

// mcusOf is how many rows of MCUs the scan has in a row of the picture's MCUs.
func (d *Decoder) mcusOf(row int) int {
	if d.scanning.together {
		return 1
	}
	p := d.scanning.blocks[0].plane
	return min(p.v, p.blocksY-row*p.v)
}

// nextInterval comes before each MCU where there are restarts: it passes one
// that is due.
func (d *Decoder) nextInterval(row int) error {
	st := &d.scanning
	if st.left == 0 {
		if err := d.restart(row); err != nil {
			return err
		}
	}
	st.left--
	return nil
}

// restart goes on with the next interval. Where its marker is another than is
// due, it does what libjpeg does: passes over markers that came too late, waits
// with zeros for the one that came too early.
func (d *Decoder) restart(row int) error {
	st := &d.scanning
	due := st.nextRestart
	st.nextRestart = (due + 1) & 7
	for {
		if st.marker == 0 {
			return d.ended(row)
		}
		number := (int(st.marker) - rst0 - due) & 7
		switch {
		case rst0 <= st.marker && st.marker <= rst7 && number != 1 && number != 2 && number != 6 && number != 7:
			if number != 0 {
				d.harm(row, "restart %d where %d is due", st.marker-rst0, due)
			}
			d.beginSegment(st.after)
			return nil
		case st.marker < sof0 || rst0 <= st.marker && st.marker <= rst7 && number >= 6:
			d.harm(row, "marker %02X where restart %d is due", st.marker, due)
			st.marker, st.after = findMarker(d.data, st.after)
		default:
			d.harm(row, "marker %02X where restart %d is due", st.marker, due)
			marker, after, exhausted := st.marker, st.after, st.exhausted
			d.emptySegment()
			st.marker, st.after, st.exhausted = marker, after, exhausted
			return nil
		}
	}
}

// emptySegment is one of no bytes.
func (d *Decoder) emptySegment() {
	d.empty()
	d.scanning.endRun, d.scanning.left = 0, d.interval
	for i := range d.planes {
		d.planes[i].previous = 0
	}
}

// ended is for a file that ends inside a scan.
func (d *Decoder) ended(row int) error {
	if !d.partial {
		return errors.Wrapf(ErrTruncated, "the file ends after %d bytes, at row %d of %d", len(d.data), row*d.mcuRows, d.outHeight)
	}
	d.harm(row, "the file ends")
	d.emptySegment()
	d.scanning.exhausted = true
	return nil
}

// spent is for an MCU that took more data than there was.
func (d *Decoder) spent(row int) error {
	if d.scanning.marker == 0 {
		return d.ended(row)
	}
	d.harm(row, "the data ends early, before marker %02X", d.scanning.marker)
	d.scanning.exhausted = true
	return nil
}
