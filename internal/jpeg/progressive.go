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
	k := s.from
	if endRun == 0 {
		for k <= s.to {
			if b.n < 32 {
				b.refill()
			}
			e := ac.look[b.acc>>(64-lookBits)]
			if e == 0 {
				e = b.long(ac, b.acc)
			}
			b.drop(e >> 8 & 63)
			zeros, value := int(e>>runOf)-1, int16(0)
			if e&valueFollows == 0 {
				if zeros != 15 {
					endRun = b.endOfBands(e)
					break
				}
			} else {
				// Whatever the size, one bit follows: the sign.
				if e>>16&63 != 63 {
					b.bad = true
				}
				value = (int16(b.acc>>63)<<1 - 1) << s.low
				b.drop(1)
			}
			k = b.correct(out, *nonzero, k, s.to, s.low, zeros)
			if value != 0 {
				out[zigzag[k&127]&63] = value
				*nonzero |= 1 << (min(k, 63) & 63)
			}
			k++
		}
	}
	if endRun > 0 {
		b.correct(out, *nonzero, k, s.to, s.low, 64)
		endRun--
	}
	return endRun
}

func (b *bits) drop(count uint32) {
	b.acc <<= count & 63
	b.n -= uint(count)
}

// correct passes over some zeros of a band, giving each coefficient on the way
// that is not zero its next bit. It returns where the next zero lies, or the
// band's end.
func (b *bits) correct(out *block, nonzero uint64, k, to, low, zeros int) int {
	ahead := nonzero >> k << k & (^uint64(0) >> (63 - to))
	acc, n := b.acc, b.n
	for ; ahead != 0; ahead &= ahead - 1 {
		next := mathbits.TrailingZeros64(ahead)
		if next-k > zeros {
			break
		}
		zeros -= next - k
		k = next + 1
		if n == 0 {
			b.n, b.acc = 0, acc
			b.refill()
			acc, n = b.acc, b.n
		}
		// Away from zero, where the bit says so and is not there yet.
		at := &out[zigzag[next&63]&63]
		v := *at
		v += (v>>15 | 1) << (low & 15) & -(int16(acc>>63) &^ (v >> (low & 15)) & 1)
		*at = v
		acc <<= 1
		n--
	}
	b.acc, b.n = acc, n
	return min(k+zeros, to+1)
}
