package bitstream

import "image"

// cropped is a size in samples less what is cut off, in units of the chroma.
func cropped(r *reader, w, h uint32, unitX, unitY uint32) image.Point {
	const most = 1 << 16
	if w > most || h > most {
		r.short = true
		return image.Point{}
	}
	if r.flag() {
		left, right, top, bottom := r.golomb(), r.golomb(), r.golomb(), r.golomb()
		if max(left, right, top, bottom) > most || (left+right)*unitX >= w || (top+bottom)*unitY >= h {
			r.short = true
			return image.Point{}
		}
		w -= (left + right) * unitX
		h -= (top + bottom) * unitY
	}
	return image.Pt(int(w), int(h))
}

// chromaUnits is how many luma samples a chroma sample covers.
func chromaUnits(format uint32) (x, y uint32) {
	x, y = 1, 1
	if format == 1 || format == 2 {
		x = 2
	}
	if format == 1 {
		y = 2
	}
	return x, y
}

// h264 reads the sequence parameter set, ITU-T H.264, 7.3.2.1.1.
func h264(packet []byte) (image.Point, bool) {
	return each(packet, func(b byte) bool { return b&0x9f == 7 }, func(r *reader) image.Point {
		profile := r.bits(8)
		r.skip(16)
		r.golomb()
		format := uint32(1)
		switch profile {
		case 100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135:
			if format = r.golomb(); format == 3 {
				r.skip(1)
			}
			r.golomb()
			r.golomb()
			r.skip(1)
			if r.flag() {
				scalingLists(r, format)
			}
		}
		r.golomb()
		switch r.golomb() {
		case 0:
			r.golomb()
		case 1:
			r.skip(1)
			r.signed()
			r.signed()
			for range min(r.golomb(), 255) {
				r.signed()
			}
		}
		r.golomb()
		r.skip(1)
		w, h := 16*(r.golomb()+1), 16*(r.golomb()+1)
		x, y := chromaUnits(format)
		if !r.flag() { // fields
			h *= 2
			y *= 2
			r.skip(1)
		}
		r.skip(1)
		return cropped(r, w, h, x, y)
	}, true)
}

// scalingLists passes over quantisers.
func scalingLists(r *reader, format uint32) {
	lists := 8
	if format == 3 {
		lists = 12
	}
	for i := range lists {
		if !r.flag() {
			continue
		}
		n := 16
		if i >= 6 {
			n = 64
		}
		last, next := int32(8), int32(8)
		for range n {
			if next != 0 {
				next = (last + r.signed()) & 0xff
			}
			if next != 0 {
				last = next
			}
		}
	}
}

// h265 reads the sequence parameter set, ITU-T H.265, 7.3.2.2.1.
func h265(packet []byte) (image.Point, bool) {
	return each(packet, func(b byte) bool { return b&0xfe == 33<<1 }, func(r *reader) image.Point {
		r.skip(8 + 4) // the rest of the unit's head, the VPS
		layers := int(r.bits(3))
		r.skip(1 + 88 + 8) // profile, tier, level
		var profile, level [8]bool
		for i := range layers {
			profile[i], level[i] = r.flag(), r.flag()
		}
		if layers > 0 {
			r.skip(2 * (8 - layers))
		}
		for i := range layers {
			r.skipWhen(profile[i], 88)
			r.skipWhen(level[i], 8)
		}
		r.golomb()
		format := r.golomb()
		r.skipWhen(format == 3, 1)
		w, h := r.golomb(), r.golomb()
		x, y := chromaUnits(format)
		return cropped(r, w, h, x, y)
	}, true)
}

// av1 reads the sequence header among a packet's units.
func av1(packet []byte) (image.Point, bool) {
	for len(packet) > 0 {
		head := packet[0]
		n := 1
		if head&4 != 0 { // an extension
			n = 2
		}
		if head&0x80 != 0 || n > len(packet) {
			break
		}
		size := uint64(len(packet) - n)
		if head&2 != 0 {
			v, k := leb128(packet[n:])
			if n += k; k == 0 || v > uint64(len(packet)-n) {
				break
			}
			size = v
		}
		unit := packet[n:][:size]
		if head>>3&15 == 1 {
			r := &reader{data: unit}
			p := sequence(r)
			return p, !r.short
		}
		packet = packet[uint64(n)+size:]
	}
	return image.Point{}, false
}

// sequence reads a sequence header up to the size, AV1, 5.5.
func sequence(r *reader) image.Point {
	r.skip(3 + 1)
	if r.flag() { // a still picture's
		r.skip(5)
	} else {
		operatingPoints(r)
	}
	w, h := int(r.bits(4))+1, int(r.bits(4))+1
	return image.Pt(int(r.bits(w))+1, int(r.bits(h))+1)
}

func operatingPoints(r *reader) {
	model, delay := false, 0
	if r.flag() { // timing
		r.skip(64)
		if r.flag() {
			r.uvlc()
		}
		if model = r.flag(); model {
			delay = int(r.bits(5)) + 1
			r.skip(32 + 5 + 5)
		}
	}
	display := r.flag()
	for range r.bits(5) + 1 {
		r.skip(12)
		r.skipWhen(r.bits(5) > 7, 1)
		if model {
			r.skipIf(2*delay + 1)
		}
		if display {
			r.skipIf(4)
		}
	}
}
