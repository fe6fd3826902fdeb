package jpeg

import (
	"bytes"
	"encoding/binary"
)

// padding is how many zero bytes follow a segment: what the next eight bytes
// may be read from when all of it is used.
const padding = 16

// bits reads one segment of entropy-coded data: what lies between two markers,
// whose stuffed zeros it has taken out first. That costs less than to look for
// them with every eight bytes. Past the end it reads zeros, as libjpeg does.
type bits struct {
	acc uint64 // the next bits, at the top
	n   uint   // how many of them are there; what lies below may be, too
	pos int    // of the next byte to load
	buf []byte // the segment and its padding

	memory []byte
	bad    bool // a code that there is not was met
}

// load takes the segment that begins at a byte of the data, and returns the
// marker that ends it with where the bytes after that begin; marker 0 and the
// data's length where the data ends first.
func (b *bits) load(data []byte, at int) (marker byte, after int) {
	if most := len(data) - at + padding; cap(b.memory) < most {
		b.memory = make([]byte, most+most/4)
	}
	out := b.memory[:cap(b.memory)]
	size := 0
	marker, after = 0, len(data)
	for at < len(data) {
		i := bytes.IndexByte(data[at:], 0xFF)
		if i < 0 {
			size += copy(out[size:], data[at:])
			break
		}
		size += copy(out[size:], data[at:at+i])
		at += i
		// Fill bytes may come before a marker, and for libjpeg before a
		// stuffed zero.
		for at < len(data) && data[at] == 0xFF {
			at++
		}
		if at == len(data) {
			break
		}
		if at++; data[at-1] != 0 {
			marker, after = data[at-1], at
			break
		}
		out[size] = 0xFF
		size++
	}
	b.begin(out, size)
	return marker, after
}

// empty is a segment of no bytes.
func (b *bits) empty() {
	if cap(b.memory) < padding {
		b.memory = make([]byte, 4*padding)
	}
	b.begin(b.memory[:cap(b.memory)], 0)
}

func (b *bits) begin(memory []byte, size int) {
	b.buf = memory[:size+padding]
	clear(b.buf[size:])
	b.acc, b.n, b.pos = 0, 0, 0
}

// over reports whether more bits were used than there were.
func (b *bits) over() bool { return int(b.n) < 8*(b.pos-len(b.buf)+padding) }

// refill has at least 56 bits ready. The bytes of which only some bits fit are
// loaded again the next time, over themselves. Loops have this in their own
// words, on variables of their own, which stay in registers.
func (b *bits) refill() {
	b.pos = min(b.pos, len(b.buf)-8)
	b.acc |= binary.BigEndian.Uint64(b.buf[b.pos:]) >> b.n
	b.pos += int((63 - b.n) >> 3)
	b.n |= 56
}

// take returns the next bits, at most 16.
func (b *bits) take(count uint) uint {
	if b.n < 16 {
		b.refill()
	}
	v := b.acc >> 1 >> (63 - count)
	b.acc <<= count
	b.n -= count
	return uint(v)
}

// symbol decodes a symbol of a table, with the value that follows it.
func (b *bits) symbol(h *huffman) (e uint32, value int) {
	if b.n < 32 {
		b.refill()
	}
	e = h.look[b.acc>>(64-lookBits)]
	if e == 0 {
		e = b.long(h, b.acc)
	}
	value = extend(b.acc<<(e>>8&63), e)
	b.acc <<= e & 63
	b.n -= uint(e & 63)
	return e, value
}

// long is a table's long, which takes note of what is no code.
func (b *bits) long(h *huffman, acc uint64) uint32 {
	e, ok := h.long(acc)
	if !ok {
		b.bad = true
	}
	return e
}

// extend reads the value of an entry at the top of x: those whose first bit is
// 0 are negative, and coded as the complement of their magnitude.
func extend(x uint64, e uint32) int {
	negative := ^uint64(int64(x) >> 63)
	size := -(e >> 16) & 63
	magnitude := (x ^ negative) >> 1 >> (63 - size)
	return int(magnitude^negative) - int(negative)
}
