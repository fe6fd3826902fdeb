package jpeg

import (
	"encoding/binary"
	mathbits "math/bits"
)

// The four kinds of scans of a progressive file. Coefficients come in bands and
// bit by bit: the first scan of a band brings its high bits, later ones one
// more each.

// dcFirst decodes the difference of a block's first coefficient.
func (b *bits) dcFirst(dc *huffman) int {
	_, difference := b.symbol(dc)
	return difference
}

// dcRefine decodes one more bit of it.
func (b *bits) dcRefine(out *block, low int) {
	if b.take(1) != 0 {
		out[0] |= 1 << low
	}
}

// acFirst decodes a band of a block, whose coefficients that are not zero have
// bits in nonzero, in the order of the file. It returns how many blocks after it
// have none of the band.
func (b *bits) acFirst(out *block, nonzero *uint64, ac *huffman, s *scanHeader) (endRun int) {
	acc, n, pos, buf, mask := b.acc, b.n, b.pos, b.buf, *nonzero
	// k is the place before the next coefficient: runs count from there.
	for k, to, low := uint(s.from-1), uint(s.to), s.low; k < to; {
		if n < 32 {
			pos = min(pos, len(buf)-8)
			acc |= binary.BigEndian.Uint64(buf[pos:]) >> (n & 63)
			pos += int((63 - n) >> 3)
			n |= 56
		}
		e := ac.look[acc>>(64-lookBits)]
		if e == 0 {
			e = b.long(ac, acc)
		}
		if e&valueFollows == 0 {
			acc <<= e & 63
			n -= uint(e & 63)
			if e>>runOf<<runOf == runOf16 {
				k += 16
				continue
			}
			b.acc, b.n, b.pos, *nonzero = acc, n, pos, mask
			return b.endOfBands(e) - 1
		}
		x := acc << (e >> 8 & 63)
		negative := ^uint64(int64(x) >> 63)
		k += uint(e >> runOf)
		value := int16((((x^negative)>>(e>>16&63) ^ negative) - negative) << (low & 15))
		out[zigzag[k&127]&63] = value
		mask |= 1 << (min(k, 63) & 63)
		if value == 0 { // shifted out of its 16 bits
			mask &^= 1 << (min(k, 63) & 63)
		}
		acc <<= e & 63
		n -= uint(e & 63)
	}
	b.acc, b.n, b.pos, *nonzero = acc, n, pos, mask
	return 0
}

// endOfBands is for how many blocks an entry says that the band ends.
func (b *bits) endOfBands(e uint32) int {
	r := uint(e>>runOf) - 1
	return 1<<r + int(b.take(r))
}

// acRefine decodes one more bit of a band of a block. While endRun says that the
// band ends here, only coefficients that are not zero get one. It returns how
// many blocks after this one are such.
func (b *bits) acRefine(out *block, nonzero *uint64, ac *huffman, s *scanHeader, endRun int) int {
	acc, n, pos, buf, mask := b.acc, b.n, b.pos, b.buf, *nonzero
	band, low := ^uint64(0)>>(63-s.to&63), s.low&15
	for k := s.from; k <= s.to; k++ {
		// Which new coefficient comes, after how many zeros: none, at first.
		zeros, value := 64, int16(0)
		if endRun == 0 {
			if n < 32 {
				pos = min(pos, len(buf)-8)
				acc |= binary.BigEndian.Uint64(buf[pos:]) >> (n & 63)
				pos += int((63 - n) >> 3)
				n |= 56
			}
			e := ac.look[acc>>(64-lookBits)]
			if e == 0 {
				e = b.long(ac, acc)
			}
			acc <<= e >> 8 & 63
			n -= uint(e >> 8 & 63)
			zeros = int(e>>runOf) - 1
			if e&valueFollows != 0 {
				// Whatever the size, one bit follows: the sign.
				b.bad = b.bad || e>>16&63 != 63
				value = (int16(acc>>63)<<1 - 1) << low
				acc <<= 1
				n--
			} else if zeros != 15 {
				endRun = 1<<zeros + int(acc>>1>>(63-zeros&63))
				acc <<= zeros & 63
				n -= uint(zeros)
				zeros = 64
			}
		}
		// Those on the way that are not zero get their next bit.
		ahead := mask >> (k & 63) << (k & 63) & band
		for ; ahead != 0; ahead &= ahead - 1 {
			next := mathbits.TrailingZeros64(ahead)
			if zeros < next-k {
				break
			}
			zeros -= next - k
			k = next + 1
			if n == 0 {
				pos = min(pos, len(buf)-8)
				acc = binary.BigEndian.Uint64(buf[pos:])
				pos += 7
				n = 56
			}
			// Away from zero, where the bit says so and is not there yet.
			at := &out[zigzag[next&63]&63]
			v := *at
			*at = v + (v>>15|1)<<low&-(int16(acc>>63)&^(v>>low)&1)
			acc <<= 1
			n--
		}
		if endRun > 0 {
			endRun--
			break
		}
		if k = min(k+zeros, s.to+1); value != 0 {
			out[zigzag[k&127]&63] = value
			mask |= 1 << (min(k, 63) & 63)
		}
	}
	b.acc, b.n, b.pos, *nonzero = acc, n, pos, mask
	return endRun
}
