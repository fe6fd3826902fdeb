package jpeg

// vectorPixels is how many pixels vector code converts at once: rows it reads
// may be read, and scratch written, so much further.
const vectorPixels = 32

// emit converts row y to RGB.
func (d *Decoder) emit(dst []uint8, y int) {
	n := d.window.Dx()
	var rows [4][]uint8
	for i := range d.header.Planes {
		p := &d.planes[i]
		need := 2*margin + ceil(n, p.up.across1)*p.up.across1 + p.up.across1
		d.scratch[i] = grow(d.scratch[i], need)
		rows[i] = d.upsample(p, d.scratch[i], y)
	}
	switch d.header.Colour {
	case Grey:
		d.interleave(dst, rows[0], rows[0], rows[0], n)
	case RGB:
		d.interleave(dst, rows[0], rows[1], rows[2], n)
	case YCbCr:
		d.ycc(dst, rows[0], rows[1], rows[2], n)
	case CMYK:
		for x := range n {
			k := rows[3][x]
			for i := range 3 {
				dst[3*x+i] = ink(255-rows[i][x], k)
			}
		}
	case YCCK:
		d.ycc(dst, rows[0], rows[1], rows[2], n)
		for x := range n {
			k := rows[3][x]
			for i := range 3 {
				dst[3*x+i] = ink(dst[3*x+i], k)
			}
		}
	}
}

// ink is what some ink leaves of some light, as Pillow's convert("RGB") has it.
// Pillow takes all CMYK files for inverted, as Adobe's are; the light is what
// the inverted black says.
func ink(ink, light uint8) uint8 {
	v := int(ink)*int(light) + 128
	return light - uint8((v>>8+v)>>8)
}

// yccToRGB is libjpeg's conversion, with 16 bits of fraction.
func yccToRGB(dst, luma, cb, cr []uint8, n int) {
	const half = 1 << 15
	luma, cb, cr, dst = luma[:n], cb[:n], cr[:n], dst[:3*n]
	for x, v := range luma {
		y, b, r := int32(v), int32(cb[x])-128, int32(cr[x])-128
		p := dst[3*x:][:3:3]
		p[0] = clamp(y + (91881*r+half)>>16)
		p[1] = clamp(y + (-22554*b-46802*r+half)>>16)
		p[2] = clamp(y + (116130*b+half)>>16)
	}
}

func clamp(v int32) uint8 {
	if uint32(v) <= 255 {
		return uint8(v)
	}
	return uint8(^(v >> 31))
}

// interleave puts three planes together.
func interleave(dst, r, g, b []uint8, n int) {
	r, g, b, dst = r[:n], g[:n], b[:n], dst[:3*n]
	for x, v := range r {
		p := dst[3*x:][:3:3]
		p[0], p[1], p[2] = v, g[x], b[x]
	}
}
