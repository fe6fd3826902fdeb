package jpeg

import "encoding/binary"

// pending holds blocks until there are two, which vector code transforms
// together.
type pending struct {
	blocks [2]block
	out    [2]target
	count  int

	scratch [320]uint8
}

// target is where a block's pixels go.
type target struct {
	plane *plane
	at    int
}

// reset forgets what a picture left that ended early.
func (q *pending) reset() {
	q.count = 0
	q.blocks = [2]block{}
}

// room is zeros for the coefficients of the next block.
func (q *pending) room() *block { return &q.blocks[q.count&1] }

// put takes the block in room for a place of a plane.
func (d *Decoder) put(p *plane, at int) {
	q := &d.pending
	q.out[q.count] = target{p, at}
	if q.count++; q.count == 2 {
		d.flush()
	}
}

// flush transforms what waits. Blocks of different sizes do not go together:
// each, like one that waits alone, goes twice to its place.
func (d *Decoder) flush() {
	q := &d.pending
	if q.count == 2 && q.out[0].plane.size != q.out[1].plane.size {
		second, out := q.blocks[1], q.out[1]
		q.count = 1
		d.flush()
		q.blocks[0], q.out[0], q.count = second, out, 1
	}
	if q.count == 1 {
		q.blocks[1], q.out[1] = q.blocks[0], q.out[0]
	}
	if q.count > 0 {
		d.pair(q)
	}
	q.count = 0
}

// pairPortable transforms two blocks, and leaves zeros in their place.
func pairPortable(q *pending) {
	for i := range q.blocks {
		in, p, out := &q.blocks[i], q.out[i].plane, q.out[i].plane.rows[q.out[i].at:]
		switch p.size {
		case 8:
			idct8(in, &p.quant, out, p.stride)
		case 4:
			idct4(in, &p.quant, out, p.stride)
		case 2:
			idct2(in, &p.quant, out, p.stride)
		}
		*in = block{}
	}
}

// fill makes the pixels of a block with only a first coefficient.
func (p *plane) fill(at int, v int16) {
	pixel := firstOnly(v, p.quant[0], p.size)
	if p.size == 8 {
		eight := uint64(pixel) * 0x0101010101010101
		for range 8 {
			binary.LittleEndian.PutUint64(p.rows[at:], eight)
			at += p.stride
		}
		return
	}
	for range p.size {
		line := p.rows[at : at+p.size]
		for i := range line {
			line[i] = pixel
		}
		at += p.stride
	}
}
