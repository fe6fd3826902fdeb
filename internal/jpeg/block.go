package jpeg

import "encoding/binary"

// zigzag is where in a block the coefficients lie, in the order of a file. It
// goes on past the end for runs that leave the block: they end in its last
// place, as for libjpeg.
var zigzag = [128]uint8{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
	63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63, 63,
}

// block is 64 coefficients in natural order: row by row, frequencies rising.
type block = [64]int16

// What an entry of a table says.
const (
	valueFollows = 63 << 16 // none of these bits: no value
	runOf        = 24       // the shift of the position's step
	runOf16      = 16 << runOf
)

// sequential decodes a block of a sequential file. It returns the difference of
// the first coefficient from the one before it in its plane, which it does not
// store, and how far the others reach: 0 if there are none.
func (b *bits) sequential(out *block, dc, ac *huffman) (difference, last int) {
	_, difference = b.symbol(dc)
	acc, n, pos, buf := b.acc, b.n, b.pos, b.buf
	// Two coefficients with codes that are in the table take 50 bits at most, so
	// that every second one finds enough: a test of n would often be guessed
	// wrong by the CPU.
	k, full := uint(0), false
	for k < 63 {
		if full = !full; full {
			pos = min(pos, len(buf)-8)
			acc |= binary.BigEndian.Uint64(buf[pos:]) >> (n & 63)
			pos += int((63 - n) >> 3)
			n |= 56
		}
		e := ac.look[acc>>(64-lookBits)]
		if e&valueFollows == 0 {
			if e == 0 {
				e = b.long(ac, acc)
				full = false
			}
			if e&valueFollows == 0 {
				acc <<= e & 63
				n -= uint(e & 63)
				if e>>runOf<<runOf == runOf16 {
					k += 16
					continue
				}
				break
			}
		}
		x := acc << (e >> 8 & 63)
		negative := ^uint64(int64(x) >> 63)
		k += uint(e >> runOf)
		out[zigzag[k&127]&63] = int16(((x^negative)>>(e>>16&63) ^ negative) - negative)
		acc <<= e & 63
		n -= uint(e & 63)
		last = int(k)
	}
	b.acc, b.n, b.pos = acc, n, pos
	return difference, last
}

// pass reads over a block of a sequential file, for its first coefficient.
func (b *bits) pass(dc, ac *huffman) (difference int) {
	_, difference = b.symbol(dc)
	acc, n, pos, buf := b.acc, b.n, b.pos, b.buf
	k, full := uint32(0), false
	for k < 63 {
		if full = !full; full {
			pos = min(pos, len(buf)-8)
			acc |= binary.BigEndian.Uint64(buf[pos:]) >> (n & 63)
			pos += int((63 - n) >> 3)
			n |= 56
		}
		e := ac.look[acc>>(64-lookBits)]
		if e == 0 {
			e = b.long(ac, acc)
			full = false
		}
		acc <<= e & 63
		n -= uint(e & 63)
		if e&valueFollows == 0 && e>>runOf<<runOf != runOf16 {
			break
		}
		k += e >> runOf
	}
	b.acc, b.n, b.pos = acc, n, pos
	return difference
}
