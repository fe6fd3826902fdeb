package jpeg

// The accurate integer inverse DCT of libjpeg (Loeffler, Ligtenberg and
// Moschytz, with 13 bits of fraction), as its vector code computes it: in 16
// bits where that does, so that coefficients that no encoder makes give the
// same pixels, too. AVX2 must agree with it to the bit.

// Its constants, times 2^13.
const (
	c0_211 = 1730
	c0_298 = 2446
	c0_390 = 3196
	c0_509 = 4176
	c0_541 = 4433
	c0_601 = 4926
	c0_720 = 5906
	c0_765 = 6270
	c0_850 = 6967
	c0_899 = 7373
	c1_061 = 8697
	c1_175 = 9633
	c1_272 = 10426
	c1_451 = 11893
	c1_501 = 12299
	c1_847 = 15137
	c1_961 = 16069
	c2_053 = 16819
	c2_172 = 17799
	c2_562 = 20995
	c3_072 = 25172
	c3_624 = 29692
)

// fraction is the bits of the constants, and early those that pass from the
// columns to the rows.
const (
	fraction = 13
	early    = 2
)

// saturate16 brings a value into 16 bits.
func saturate16(v int32) int32 {
	if v == int32(int16(v)) {
		return v
	}
	return v>>31 ^ 32767
}

// level brings a value of mean 0 into 0 to 255.
func level(v int32) uint8 { return clamp(v + 128) }

// firstOnly is the pixel of a block that has nothing but a first coefficient,
// which at 8x8 and 4x4 pixels passes to the rows in 16 bits and at 2x2 in 17.
// At one pixel libjpeg does not bring it into 16 bits, but looks it up in a
// table that repeats after 10.
func firstOnly(v int16, quant uint16, size int) uint8 {
	dc := int32(v) * int32(int16(quant))
	switch size {
	case 1:
		return level((dc + 4) >> 3 << 22 >> 22)
	case 2:
		dc = dc << 17 >> 17
	default:
		dc = dc << 18 >> 18
	}
	return level((dc + 4) >> 3)
}

// dequantise multiplies coefficient k.
func dequantise(in *block, quant *[64]uint16, k int) int32 {
	return int32(int16(int32(in[k]) * int32(quant[k])))
}

// butterfly8 is the transform in one dimension: of eight values to eight sums,
// with half of what they will be divided by.
func butterfly8(x0, x1, x2, x3, x4, x5, x6, x7, half int32) (s0, s1, s2, s3, s4, s5, s6, s7 int32) {
	even := int32(int16(x0+x4))<<fraction + half
	odd := int32(int16(x0-x4))<<fraction + half
	z := (x2 + x6) * c0_541
	t2, t3 := z-x6*c1_847, z+x2*c0_765
	e0, e3, e1, e2 := even+t3, even-t3, odd+t2, odd-t2

	z3, z4 := int32(int16(x7+x3)), int32(int16(x5+x1))
	z5 := (z3 + z4) * c1_175
	z1, z2 := (x7+x1)*-c0_899, (x5+x3)*-c2_562
	z3, z4 = z5-z3*c1_961, z5-z4*c0_390
	o0 := x7*c0_298 + z1 + z3
	o1 := x5*c2_053 + z2 + z4
	o2 := x3*c3_072 + z2 + z3
	o3 := x1*c1_501 + z1 + z4
	return e0 + o3, e1 + o2, e2 + o1, e3 + o0, e3 - o0, e2 - o1, e1 - o2, e0 - o3
}

// idct8 transforms a block into 8x8 pixels.
func idct8(in *block, quant *[64]uint16, out []uint8, stride int) {
	var rows [64]int32
	var below int16 // the first row of coefficients
	for x := range 8 {
		c, q := in[x:][:57:57], quant[x:][:57:57]
		x0 := int32(int16(int32(c[0]) * int32(q[0])))
		column := rows[x:][:57:57]
		rest := c[8] | c[16] | c[24] | c[32] | c[40] | c[48] | c[56]
		if below |= rest; rest == 0 {
			if x0 == 0 {
				continue
			}
			v := saturate16(x0 << early)
			column[0], column[8], column[16], column[24] = v, v, v, v
			column[32], column[40], column[48], column[56] = v, v, v, v
			continue
		}
		const shift = fraction - early
		s0, s1, s2, s3, s4, s5, s6, s7 := butterfly8(x0,
			int32(int16(int32(c[8])*int32(q[8]))), int32(int16(int32(c[16])*int32(q[16]))),
			int32(int16(int32(c[24])*int32(q[24]))), int32(int16(int32(c[32])*int32(q[32]))),
			int32(int16(int32(c[40])*int32(q[40]))), int32(int16(int32(c[48])*int32(q[48]))),
			int32(int16(int32(c[56])*int32(q[56]))), 1<<(shift-1))
		column[0], column[8] = saturate16(s0>>shift), saturate16(s1>>shift)
		column[16], column[24] = saturate16(s2>>shift), saturate16(s3>>shift)
		column[32], column[40] = saturate16(s4>>shift), saturate16(s5>>shift)
		column[48], column[56] = saturate16(s6>>shift), saturate16(s7>>shift)
	}
	if below == 0 {
		// Here libjpeg shifts in 16 bits.
		for i := range rows {
			rows[i] = int32(int16(int32(in[i&7]) * int32(quant[i&7]) << early))
		}
	}
	const shift = fraction + early + 3
	for y := range 8 {
		r, line := rows[8*y:][:8:8], out[y*stride:][:8:8]
		s0, s1, s2, s3, s4, s5, s6, s7 := butterfly8(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7], 1<<(shift-1))
		line[0], line[1], line[2], line[3] = level(s0>>shift), level(s1>>shift), level(s2>>shift), level(s3>>shift)
		line[4], line[5], line[6], line[7] = level(s4>>shift), level(s5>>shift), level(s6>>shift), level(s7>>shift)
	}
}
