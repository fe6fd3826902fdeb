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
		if !d.planes[i].latched {
			d.harm(0, "no scan of plane %d", i)
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
		if d.budget -= d.scanning.width * d.scanning.count * d.mcusOf(row); d.budget < 0 {
			return errors.Wrapf(ErrUnsupported, "more scans than %d bytes and %dx%d pixels can need", len(d.data), d.header.Width, d.header.Height)
		}
		if err := d.readScanRow(row); err != nil {
			return err
		}
		if d.bad {
			d.bad = false
			d.harmScan(row, "a code that is in no table")
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

// harmScan takes note of damage in a scan, which makes rows unreal only if it is
// the one that brings their coarsest values.
func (d *Decoder) harmScan(row int, format string, args ...any) {
	real := d.realMCUs
	d.harm(row, format, args...)
	if d.header.Progressive && (d.scan.from > 0 || d.scan.high > 0) {
		d.realMCUs = real
	}
}

func (d *Decoder) readScanRow(row int) error {
	st := &d.scanning
	real := d.realMCUs
	for y := range d.mcusOf(row) {
		for x := range st.width {
			if err := d.nextInterval(row); err != nil {
				return err
			}
			if !st.exhausted {
				d.goodMCUs = row
				d.readMCU(row, x, y)
				if err := d.spent(row); err != nil {
					return err
				}
			}
		}
	}
	if d.header.Progressive && (d.scan.from > 0 || d.scan.high > 0) {
		d.realMCUs = real
	}
	return nil
}

// readMCU decodes an MCU's coefficients.
func (d *Decoder) readMCU(row, x, y int) {
	st, s := &d.scanning, &d.scan
	for i := range st.blocks[:st.count] {
		b := &st.blocks[i]
		p := b.plane
		bx, by := x, row*p.v+y+b.dy
		if st.together {
			bx = x*p.h + b.dx
		}
		out := p.block(bx, by)
		switch {
		case !d.header.Progressive:
			difference, _ := d.sequential(out, b.dc, b.ac)
			p.previous += difference
			out[0] = int16(p.previous)
		case s.from == 0 && s.high == 0:
			p.previous += d.dcFirst(b.dc)
			out[0] = int16(p.previous << s.low)
		case s.from == 0:
			d.dcRefine(out, s.low)
		case s.high == 0:
			if st.endRun > 0 {
				st.endRun--
			} else {
				st.endRun = d.acFirst(out, b.ac, s)
			}
		default:
			st.endRun = d.acRefine(out, b.ac, s, st.endRun)
		}
	}
}

// transformMCUs brings a row of MCUs from coefficients to pixels.
func (d *Decoder) transformMCUs(row int) {
	for i := range d.header.Planes {
		p := &d.planes[i]
		for y := row * p.v; y < min((row+1)*p.v, p.blocksY); y++ {
			for x := p.firstBlock; x < p.endBlock; x++ {
				if !p.wants(x, y) {
					break
				}
				in := d.pending.room()
				*in = *p.block(x, y)
				if d.smoothed {
					d.smooth(p, in, x, y, row)
				}
				if p.size == 1 || onlyFirst(in) {
					p.fill(x, y, in[0])
					*in = block{}
					continue
				}
				d.put(p, x, y)
			}
		}
	}
}

// onlyFirst reports whether all coefficients but the first are zero.
func onlyFirst(in *block) bool {
	var any int16
	for _, v := range in[1:] {
		any |= v
	}
	return any == 0
}
