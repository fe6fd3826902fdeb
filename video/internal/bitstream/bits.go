package bitstream

import "math/bits"

// reader reads bits; past the end they are 0 and it is short.
type reader struct {
	data  []byte
	at    int // in bits
	short bool
}

func (r *reader) bits(n int) (v uint32) {
	for range n {
		if r.at>>3 >= len(r.data) {
			r.short = true
			return 0
		}
		v = v<<1 | uint32(r.data[r.at>>3]>>(7-r.at&7)&1)
		r.at++
	}
	return v
}

func (r *reader) skip(n int)        { r.at += n }
func (r *reader) flag() bool        { return r.bits(1) == 1 }
func (r *reader) skipIf(n int) bool { f := r.flag(); r.skipWhen(f, n); return f }

func (r *reader) skipWhen(present bool, n int) {
	if present {
		r.skip(n)
	}
}

// golomb is H.264's ue(v), as long as it fits into 32 bits.
func (r *reader) golomb() uint32 {
	zeros := 0
	for !r.flag() {
		if zeros++; r.short || zeros > 31 {
			r.short = true
			return 0
		}
	}
	return 1<<zeros - 1 + r.bits(zeros)
}

// signed is se(v).
func (r *reader) signed() int32 {
	v := r.golomb()
	if v&1 == 1 {
		return int32(v/2 + 1)
	}
	return -int32(v / 2)
}

// uvlc is AV1's.
func (r *reader) uvlc() {
	zeros := 0
	for !r.flag() && !r.short {
		zeros++
	}
	r.skip(min(zeros, 32))
}

// leb128 is AV1's length; n is how many bytes it takes, 0 where it is none.
func leb128(data []byte) (v uint64, n int) {
	for i := 0; i < min(8, len(data)); i++ {
		v |= uint64(data[i]&0x7f) << (7 * i)
		if data[i] < 0x80 && bits.Len64(v) <= 32 {
			return v, i + 1
		}
	}
	return 0, 0
}

// units calls f for what follows each start code, 0 0 1, until it returns false.
func units(data []byte, f func(unit []byte) bool) {
	begin := -1
	for i := 0; i+2 < len(data); i++ {
		if data[i] != 0 || data[i+1] != 0 || data[i+2] != 1 {
			continue
		}
		if begin >= 0 && begin < i && !f(data[begin:i]) {
			return
		}
		begin = i + 3
		i += 2
	}
	if begin >= 0 && begin < len(data) {
		f(data[begin:])
	}
}

// unescaped drops the bytes 3 that keep start codes out of H.264 and H.265.
func unescaped(unit []byte) []byte {
	const most = 4096 // more than a parameter set takes
	out := make([]byte, 0, min(len(unit), most))
	zeros := 0
	for _, b := range unit[:min(len(unit), most)] {
		if zeros >= 2 && b == 3 {
			zeros = 0
			continue
		}
		if zeros++; b != 0 {
			zeros = 0
		}
		out = append(out, b)
	}
	return out
}
