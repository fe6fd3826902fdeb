package jpeg

import "github.com/pkg/errors"

// decodeSequential decodes a row of MCUs of a file of one scan, straight into
// the rings.
func (d *Decoder) decodeSequential(row int) error {
	st := &d.scanning
	for y := range d.mcusOf(row) {
		d.aim(row, y)
		for x := range st.width {
			if d.interval > 0 {
				if err := d.nextInterval(row); err != nil {
					return err
				}
			}
			if st.exhausted {
				d.greyMCU(x)
				continue
			}
			d.decodeMCU(x)
			if d.over() {
				if err := d.spent(row); err != nil {
					return err
				}
			}
		}
	}
	if d.bad {
		d.bad = false
		d.harm(row, "a code that is in no table")
	}
	if row == d.mcusY-1 {
		return d.finish(row)
	}
	return nil
}

// finish looks at what follows the only scan, as libjpeg does: damage may have
// made markers of its data, and segments of what comes after those. A file may
// end inside of a segment that is of no account, but not without a marker:
// libjpeg wants more bits than the last ones to decode those.
func (d *Decoder) finish(row int) error {
	if d.scanning.marker == 0 {
		if d.partial {
			return nil
		}
		return d.ended(row)
	}
	d.at = d.scanning.after - 2
	more, err := d.nextScan()
	if more {
		err = malformed("at byte %d begins a second scan of what the first one had", d.at)
	}
	switch {
	case err == nil || errors.Is(err, ErrTruncated) && idle(d.met):
		return nil
	case d.partial:
		d.harm(d.mcusY, "%v", err)
		return nil
	}
	return err
}

// aim finds which of the blocks of a row of MCUs the window needs and where in
// the rings they go; y is the row of blocks, where each block is an MCU.
func (d *Decoder) aim(row, y int) {
	st := &d.scanning
	for i := range st.blocks[:st.count] {
		b := &st.blocks[i]
		p, by := b.plane, row*b.plane.v+y+b.dy
		b.first, b.end = p.firstBlock, p.endBlock
		if !p.wantsRow(by) {
			b.end = 0
		}
		b.at = p.at(0, by)
	}
}

// decodeMCU decodes MCU x of the row that was aimed at.
func (d *Decoder) decodeMCU(x int) {
	st := &d.scanning
	for i := range st.blocks[:st.count] {
		b := &st.blocks[i]
		p, bx := b.plane, x*b.step+b.dx
		wanted := b.first <= bx && bx < b.end
		if !wanted || p.size == 1 {
			p.previous += d.pass(b.dc, b.ac)
			if wanted {
				p.fill(b.at+bx*p.size, int16(p.previous))
			}
			continue
		}
		out := d.pending.room()
		difference, last := d.sequential(out, b.dc, b.ac)
		p.previous += difference
		if last == 0 {
			p.fill(b.at+bx*p.size, int16(p.previous))
			continue
		}
		out[0] = int16(p.previous)
		d.put(p, b.at+bx*p.size)
	}
}

// greyMCU fills an MCU that there is no data for.
func (d *Decoder) greyMCU(x int) {
	st := &d.scanning
	for i := range st.blocks[:st.count] {
		b := &st.blocks[i]
		if bx := x*b.step + b.dx; b.first <= bx && bx < b.end {
			b.plane.fill(b.at+bx*b.plane.size, 0)
		}
	}
}
