package jpeg

// pending holds blocks until there are two, which vector code transforms
// together.
type pending struct {
	blocks [2]block
	out    [2]target
	count  int
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
func (q *pending) put(p *plane, x, y int) {
	q.out[q.count] = target{p, p.at(x, y)}
	if q.count++; q.count == 2 {
		q.flush()
	}
}

// flush transforms what waits.
func (q *pending) flush() {
	for i := range q.count {
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
	q.count = 0
}

// fill makes the pixels of a block with only a first coefficient.
func (p *plane) fill(x, y int, v int16) {
	at := p.at(x, y)
	if p.size == 1 {
		p.rows[at] = single(v, p.quant[0])
		return
	}
	pixel := firstOnly(v, p.quant[0])
	for range p.size {
		line := p.rows[at : at+p.size]
		for i := range line {
			line[i] = pixel
		}
		at += p.stride
	}
}
