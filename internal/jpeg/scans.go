package jpeg

import "github.com/pkg/errors"

// readScans reads all scans of a picture into the planes' coefficients.
func (d *Decoder) readScans() error {
	for {
		if err := d.readScan(); err != nil {
			return err
		}
		// What is left before the next marker is of no use.
		d.at = len(d.data)
		if d.scanning.marker != 0 {
			d.at = d.scanning.after - 2
		}
		more, err := d.nextScan()
		if err != nil && d.partial {
			d.harm(d.mcusY, "%v", err)
			more, err = false, nil
		}
		if err != nil {
			return err
		}
		if !more {
			d.missingPlanes()
			return nil
		}
	}
}

// missingPlanes takes note of planes that no scan brought.
func (d *Decoder) missingPlanes() {
	for i := range d.header.Planes {
		if p := &d.planes[i]; !p.latched || d.header.Progressive && p.bitsKnown[0] < 0 {
			d.harm(0, "no scan of plane %d", i)
			d.realMCUs = 0
		}
	}
}

// readScan reads the scan whose header was read.
func (d *Decoder) readScan() error {
	if err := d.beginScan(); err != nil {
		return err
	}
	if d.header.Progressive {
		d.learn()
		if d.needless() {
			return nil
		}
	}
	for row := range d.mcusY {
		if d.budget -= int64(d.scanning.width * d.scanning.count * d.mcusOf(row)); d.budget < 0 {
			return errors.Wrapf(ErrUnsupported, "more scans than %d bytes and %dx%d pixels can need", len(d.data), d.header.Width, d.header.Height)
		}
		if err := d.readScanRow(row); err != nil {
			return err
		}
		if d.bad {
			d.bad = false
			d.harm(row, "a code that is in no table")
		}
	}
	return nil
}

// learn keeps how many low bits of the coefficients a scan leaves open.
func (d *Decoder) learn() {
	s := &d.scan
	d.scans++
	for i := range s.planes {
		p := &d.planes[s.plane[i]]
		for k := min(s.from, 1); k <= max(s.to, estimated-1); k++ {
			if p.bitsBefore[k] = 0; d.scans > 1 {
				p.bitsBefore[k] = p.bitsKnown[k]
			}
		}
		for k := s.from; k <= s.to; k++ {
			p.bitsKnown[k] = int8(s.low)
		}
	}
}

// needless reports whether nothing of a scan is wanted: one pixel a block needs
// but the first coefficient. Its data is passed over, if it ends where another
// segment begins.
func (d *Decoder) needless() bool {
	if d.scan.from == 0 || d.planes[d.scan.plane[0]].size > 1 {
		return false
	}
	marker, after := d.scanning.marker, d.scanning.after
	for rst0 <= marker && marker <= rst7 {
		marker, after = findMarker(d.data, after)
	}
	switch marker {
	case sos, dht, dqt, dri, eoi:
		d.scanning.marker, d.scanning.after = marker, after
		d.goodMCUs = d.mcusY
		return true
	}
	return false
}

// readScanRow reads what a scan has of a row of the picture's MCUs.
func (d *Decoder) readScanRow(row int) error {
	st, s := &d.scanning, &d.scan
	read := d.readMCU
	if d.header.Progressive && s.from > 0 {
		read = d.readBand
	}
	for y := range d.mcusOf(row) {
		for x := 0; x < st.width; {
			if d.interval > 0 {
				if err := d.nextInterval(row); err != nil {
					return err
				}
			}
			if st.exhausted {
				x++
				continue
			}
			d.goodMCUs = row
			x += read(row, x, y)
			if d.over() {
				if err := d.spent(row); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// readMCU decodes the coefficients of an MCU, or of a progressive one the first
// of each block. It returns 1.
func (d *Decoder) readMCU(row, x, y int) int {
	st, s := &d.scanning, &d.scan
	for i := range st.blocks[:st.count] {
		b := &st.blocks[i]
		p := b.plane
		out, nonzero := p.block(x*b.step+b.dx, row*p.v+y+b.dy)
		switch {
		case !d.header.Progressive:
			difference, last := d.sequential(out, b.dc, b.ac)
			p.previous += difference
			out[0] = int16(p.previous)
			if last > 0 {
				*nonzero = 1 << 1
			}
		case s.high == 0:
			p.previous += d.dcFirst(b.dc)
			out[0] = int16(p.previous << s.low)
		default:
			d.dcRefine(out, s.low)
		}
	}
	return 1
}

// readBand decodes the band of a block and returns how many blocks of the row
// that makes: those after it that the band has nothing for are passed over.
func (d *Decoder) readBand(row, x, y int) int {
	st, s := &d.scanning, &d.scan
	b := &st.blocks[0]
	out, nonzero := b.plane.block(x, row*b.plane.v+y)
	if s.high > 0 {
		st.endRun = d.acRefine(out, nonzero, b.ac, s, st.endRun)
		return 1
	}
	if st.endRun > 0 {
		st.endRun--
	} else {
		st.endRun = d.acFirst(out, nonzero, b.ac, s)
	}
	if d.interval > 0 {
		return 1
	}
	more := min(st.endRun, st.width-1-x)
	st.endRun -= more
	return 1 + more
}

// transformMCUs brings a row of MCUs from coefficients to pixels.
func (d *Decoder) transformMCUs(row int) {
	for i := range d.header.Planes {
		p := &d.planes[i]
		for y := row * p.v; y < (row+1)*p.v; y++ {
			if p.wantsRow(y) {
				d.transformRow(p, y, row)
			}
		}
	}
}

// transformRow is the same of a row of blocks.
func (d *Decoder) transformRow(p *plane, y, row int) {
	at := p.at(0, y)
	for x := p.firstBlock; x < p.endBlock; x++ {
		from, nonzero := p.block(x, y)
		if !d.smoothed && (p.size == 1 || *nonzero == 0) {
			p.fill(at+x*p.size, from[0])
			continue
		}
		in := d.pending.room()
		*in = *from
		if d.smoothed {
			d.smooth(p, in, x, y, row)
		}
		if p.size == 1 {
			p.fill(at+x, in[0])
			*in = block{}
			continue
		}
		d.put(p, at+x*p.size)
	}
}
