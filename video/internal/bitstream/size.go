package bitstream

import (
	"bytes"
	"image"
)

// Scanner watches the packets of one stream.
type Scanner struct {
	size func(packet []byte) (image.Point, bool) // of the stream's codec, when it is known
}

// Size is the size of the picture from this packet on, if the packet says it.
// The first packet that does tells which codec it is.
func (s *Scanner) Size(packet []byte) (image.Point, bool) {
	if s.size == nil {
		s.size = codecOf(packet)
	}
	if s.size == nil {
		return image.Point{}, false
	}
	p, ok := s.size(packet)
	return p, ok && p.X > 0 && p.Y > 0
}

// codecOf tells the codec of a packet that has a header; nil for none that is
// known. What is a unit's type in one codec is forbidden in the others.
func codecOf(packet []byte) (size func([]byte) (image.Point, bool)) {
	for _, size := range []func([]byte) (image.Point, bool){vp8, vp9} {
		if _, ok := size(packet); ok {
			return size
		}
	}
	switch {
	case bytes.HasPrefix(packet, []byte{0xff, 0xd8}):
		return jpeg
	case bytes.HasPrefix(packet, []byte{0x12, 0}), bytes.HasPrefix(packet, []byte{0x0a}):
		return av1
	}
	units(packet, func(unit []byte) bool {
		switch b := unit[0]; {
		case b == 0xb6: // a picture of MPEG-4, whose groups begin as MPEG-2's sequences
			size = mpeg4
			return false
		case b == 0xb3:
			size = mpeg2
		case b == 0x40 && len(unit) > 2 && unit[1] == 1: // a VPS
			size = h265
			return false
		case b&0x9f == 7 && size == nil: // an SPS
			if _, ok := h264(append([]byte{0, 0, 1}, unit...)); ok {
				size = h264
				return false
			}
		}
		return true
	})
	return size
}

// each looks for a size in the units that are of a kind.
func each(packet []byte, kind func(first byte) bool, size func(r *reader) image.Point, escaped bool) (p image.Point, ok bool) {
	units(packet, func(unit []byte) bool {
		if !kind(unit[0]) {
			return true
		}
		body := unit[1:]
		if escaped {
			body = unescaped(body)
		}
		r := &reader{data: body}
		p = size(r)
		ok = !r.short
		return !ok
	})
	return p, ok
}

func mpeg2(packet []byte) (image.Point, bool) {
	return each(packet, func(b byte) bool { return b == 0xb3 }, func(r *reader) image.Point {
		return image.Pt(int(r.bits(12)), int(r.bits(12)))
	}, false)
}

// mpeg4 reads the video object layer, ISO/IEC 14496-2, 6.2.3.
func mpeg4(packet []byte) (image.Point, bool) {
	return each(packet, func(b byte) bool { return b >= 0x20 && b <= 0x2f }, func(r *reader) image.Point {
		r.skip(1 + 8)
		version := uint32(1)
		if r.flag() {
			version = r.bits(4)
			r.skip(3)
		}
		if r.bits(4) == 15 {
			r.skip(16)
		}
		if r.flag() { // control parameters
			r.skip(3)
			r.skipIf(79)
		}
		shape := r.bits(2)
		r.skipWhen(shape == 3 && version != 1, 4)
		r.skip(1)
		steps := r.bits(16)
		r.skip(1)
		if r.flag() { // a fixed rate, in as many bits as steps - 1 take
			n := 1
			for ; n < 16 && steps-1 >= 1<<n; n++ {
			}
			r.skip(n)
		}
		if shape != 0 {
			return image.Point{}
		}
		r.skip(1)
		w := int(r.bits(13))
		r.skip(1)
		return image.Pt(w, int(r.bits(13)))
	}, false)
}

// vp8 reads a key frame's tag, RFC 6386, 9.1.
func vp8(packet []byte) (image.Point, bool) {
	if len(packet) < 10 || packet[0]&1 != 0 || !bytes.Equal(packet[3:6], []byte{0x9d, 1, 0x2a}) {
		return image.Point{}, false
	}
	return image.Pt(int(packet[6])|int(packet[7]&0x3f)<<8, int(packet[8])|int(packet[9]&0x3f)<<8), true
}

// vp9 reads a key frame's uncompressed header.
func vp9(packet []byte) (image.Point, bool) {
	r := &reader{data: packet}
	marker := r.bits(2)
	profile := r.bits(1) | r.bits(1)<<1
	r.skipWhen(profile == 3, 1)
	if marker != 2 || r.flag() || r.flag() { // a frame shown again, or not a key frame
		return image.Point{}, false
	}
	r.skip(2)
	if r.bits(24) != 0x498342 {
		return image.Point{}, false
	}
	r.skipWhen(profile >= 2, 1)
	if rgb := r.bits(3) == 7; rgb {
		r.skipWhen(profile&1 == 1, 1)
	} else {
		r.skip(1)
		r.skipWhen(profile&1 == 1, 3)
	}
	p := image.Pt(int(r.bits(16))+1, int(r.bits(16))+1)
	return p, !r.short
}

// jpeg looks for the frame header.
func jpeg(packet []byte) (image.Point, bool) {
	for at := 2; at+9 <= len(packet); {
		if packet[at] != 0xff {
			return image.Point{}, false
		}
		switch marker := packet[at+1]; {
		case marker == 0xff:
			at++
			continue
		case marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc:
			return image.Pt(int(packet[at+7])<<8|int(packet[at+8]), int(packet[at+5])<<8|int(packet[at+6])), true
		case marker == 0xda || marker == 0xd9:
			return image.Point{}, false
		}
		at += 2 + int(packet[at+2])<<8 + int(packet[at+3])
	}
	return image.Point{}, false
}
