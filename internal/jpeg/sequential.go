package jpeg

import "github.com/pkg/errors"

// decodeSequential decodes a row of MCUs of a file of one scan, straight into
// the rings.
func (d *Decoder) decodeSequential(row int) error {
	st := &d.scanning
	for y := range d.mcusOf(row) {
		for x := range st.width {
			if err := d.nextInterval(row); err != nil {
				return err
			}
			if err := d.decodeMCU(row, x, y); err != nil {
				return err
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

// decodeMCU decodes MCU x of a row; y is its row of blocks, where each block is
// an MCU.
func (d *Decoder) decodeMCU(row, x, y int) error {
	st := &d.scanning
	exhausted := st.exhausted
	for i := range st.blocks[:st.count] {
		b := &st.blocks[i]
		p := b.plane
		bx, by := x, row*p.v+y+b.dy
		if st.together {
			bx = x*p.h + b.dx
		}
		wanted := p.wants(bx, by)
		if exhausted {
			if wanted {
				p.fill(bx, by, 0)
			}
			continue
		}
		if !wanted || p.size == 1 {
			p.previous += d.pass(b.dc, b.ac)
			if wanted {
				p.fill(bx, by, int16(p.previous))
			}
			continue
		}
		out := d.pending.room()
		difference, last := d.sequential(out, b.dc, b.ac)
		p.previous += difference
		if last == 0 {
			p.fill(bx, by, int16(p.previous))
			continue
		}
		out[0] = int16(p.previous)
		d.put(p, bx, by)
	}
	if exhausted {
		return nil
	}
	return d.spent(row)
}

// wants reports whether the window needs a block.
func (p *plane) wants(x, y int) bool {
	return p.firstBlock <= x && x < p.endBlock && y < p.blocksY && p.firstRow < (y+1)*p.size && y*p.size < p.endRow
}

// at is where a block's pixels begin in the ring.
func (p *plane) at(x, y int) int {
	return y*p.size%p.ringRows*p.stride + margin + x*p.size
}
