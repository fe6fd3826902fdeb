package jpeg

import "bytes"

// lookBits is how many bits are looked up at once.
const lookBits = 10

// huffman is a table of codes.
//
// An entry of look, for the next bits, tells all that a symbol does:
//
//	bits 0-5    how many bits the code and the value after it take
//	bits 8-13   how many the code takes
//	bits 16-21  64 less the value's, modulo 64: 0 where no value follows
//	bits 24-31  how far the position moves: the run of zeros and one
//
// An entry of 0 is a longer code.
type huffman struct {
	look    [1 << lookBits]uint32
	last    [18]int32 // the last code of each length, or -1
	offset  [17]int32 // from a code of each length to its symbol
	symbols [256]uint8

	given  bool      // in this file
	counts [16]uint8 // codes of each length
	size   int       // symbols
	built  bool
}

// set takes in a definition. One that is there already costs nothing: files of
// one encoder repeat theirs.
func (h *huffman) set(counts, symbols []byte) {
	h.given = true
	if h.size == len(symbols) && bytes.Equal(h.counts[:], counts) && bytes.Equal(h.symbols[:h.size], symbols) {
		return
	}
	h.built = false
	copy(h.counts[:], counts)
	clear(h.symbols[:])
	h.size = copy(h.symbols[:], symbols)
}

// build makes the tables, when a scan first needs them.
func (h *huffman) build() error {
	if h.built {
		return nil
	}
	clear(h.look[:])
	code, k := int32(0), 0
	for i, count := range h.counts {
		length := i + 1
		h.last[length] = -1
		h.offset[length] = int32(k) - code
		for range int(count) {
			if length <= lookBits {
				h.enter(uint32(code), length, h.symbols[k])
			}
			h.last[length] = code
			code++
			k++
		}
		// No code is all ones.
		if count > 0 && code >= 1<<length {
			return malformed("a Huffman table has too many codes of %d bits", length)
		}
		code <<= 1
	}
	h.last[17] = 1 << 30
	h.built = true
	return nil
}

// enter fills the entries that begin with a code.
func (h *huffman) enter(code uint32, length int, symbol uint8) {
	e := entry(length, symbol)
	first := code << (lookBits - length)
	for i := range uint32(1) << (lookBits - length) {
		h.look[(first+i)&(1<<lookBits-1)] = e
	}
}

// entry describes a symbol: the size of a value in the low four bits, the run
// before it in the high ones.
func entry(length int, symbol uint8) uint32 {
	size, run := uint32(symbol&15), uint32(symbol>>4)
	return uint32(length) + size | uint32(length)<<8 | (64-size)&63<<16 | (run+1)<<24
}

// long finds the symbol of a code longer than lookBits at the top of acc. A
// code that there is not counts as 17 bits and as symbol 0, as for libjpeg.
func (h *huffman) long(acc uint64) (e uint32, ok bool) {
	for length := lookBits + 1; length <= 16; length++ {
		if code := int32(acc >> (64 - length)); code <= h.last[length] {
			return entry(length, h.symbols[uint8(code+h.offset[length])]), true
		}
	}
	return entry(17, 0), false
}

// wide reports a symbol above 15, which no DC table may have.
func (h *huffman) wide() bool {
	for _, s := range h.symbols[:h.size] {
		if s > 15 {
			return true
		}
	}
	return false
}

// huffmanTables reads definitions of tables.
func (p *parser) huffmanTables(body []byte) error {
	for len(body) > 16 {
		class, index, size := body[0]>>4, body[0]&15, 0
		for _, count := range body[1:17] {
			size += int(count)
		}
		if class > 1 || index > 3 {
			return malformed("Huffman table %02X; there are 00 to 03 and 10 to 13", body[0])
		}
		if size > 256 || size > len(body)-17 {
			return malformed("a Huffman table of %d symbols, of which %d follow", size, len(body)-17)
		}
		table := &p.dc[index]
		if class == 1 {
			table = &p.ac[index]
		}
		table.set(body[1:17], body[17:17+size])
		body = body[17+size:]
	}
	if len(body) != 0 {
		return malformed("%d bytes after the Huffman tables", len(body))
	}
	return nil
}

// table returns a table ready for use.
func (p *parser) table(index uint8, isDC bool) (*huffman, error) {
	class, tables := "AC", &p.ac
	if isDC {
		class, tables = "DC", &p.dc
	}
	if index > 3 {
		return nil, malformed("a scan uses %s table %d; there are 0 to 3", class, index)
	}
	h := &tables[index]
	if !h.given {
		return nil, malformed("a scan uses %s table %d, which the file does not define", class, index)
	}
	if isDC && h.wide() {
		return nil, malformed("DC table %d has values of more than 15 bits", index)
	}
	return h, h.build()
}
