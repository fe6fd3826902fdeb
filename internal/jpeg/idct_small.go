package jpeg

// The transforms that give fewer pixels of a block: 4x4 from all coefficients
// but those of the middle frequency, 2x2 from the lowest and the odd ones.

// butterfly4 makes four sums of eight values, with half of what they will be
// divided by; the fifth value is of no account.
func butterfly4(x0, x1, x2, x3, x5, x6, x7, half int32) (s0, s1, s2, s3 int32) {
	t := x0<<(fraction+1) + half
	t2 := x2*c1_847 - x6*c0_765
	e0, e1 := t+t2, t-t2
	o1 := -x7*c0_211 + x5*c1_451 - x3*c2_172 + x1*c1_061
	o0 := -x7*c0_509 - x5*c0_601 + x3*c0_899 + x1*c2_562
	return e0 + o0, e1 + o1, e1 - o1, e0 - o0
}

// idct4 transforms a block into 4x4 pixels.
func idct4(in *block, quant *[64]uint16, out []uint8, stride int) {
	var rows [32]int32
	var below int16 // the first row of coefficients
	for _, x := range [...]int{0, 1, 2, 3, 5, 6, 7} {
		c, q, column := in[x:][:57:57], quant[x:][:57:57], rows[x:][:25:25]
		v := func(y int) int32 { return int32(int16(int32(c[8*y&63]) * int32(q[8*y&63]))) }
		below |= c[8] | c[16] | c[24] | c[40] | c[48] | c[56]
		const shift = fraction - early + 1
		s0, s1, s2, s3 := butterfly4(v(0), v(1), v(2), v(3), v(5), v(6), v(7), 1<<(shift-1))
		column[0], column[8] = saturate16(s0>>shift), saturate16(s1>>shift)
		column[16], column[24] = saturate16(s2>>shift), saturate16(s3>>shift)
	}
	below |= in[12] | in[20] | in[28] | in[44] | in[52] | in[60]
	if below == 0 {
		// Here libjpeg shifts in 16 bits.
		for i := range rows {
			rows[i] = int32(int16(dequantise(in, quant, i&7) << early))
		}
	}
	const shift = fraction + early + 3 + 1
	for y := range 4 {
		r, line := rows[8*y:][:8:8], out[y*stride:][:4:4]
		s0, s1, s2, s3 := butterfly4(r[0], r[1], r[2], r[3], r[5], r[6], r[7], 1<<(shift-1))
		line[0], line[1], line[2], line[3] = level(s0>>shift), level(s1>>shift), level(s2>>shift), level(s3>>shift)
	}
}

// butterfly2 makes two values of eight, from the first and the odd ones.
func butterfly2(first, v1, v3, v5, v7 int32, shift uint) (a, b int32) {
	e := first<<(fraction+2) + 1<<(shift-1)
	o := v1*c3_624 - v3*c1_272 + v5*c0_850 - v7*c0_720
	return (e + o) >> shift, (e - o) >> shift
}

// idct2 transforms a block into 2x2 pixels.
func idct2(in *block, quant *[64]uint16, out []uint8, stride int) {
	var rows [2][8]int32
	for _, x := range [...]int{0, 1, 3, 5, 7} {
		v := func(y int) int32 { return dequantise(in, quant, 8*y+x) }
		a, b := butterfly2(v(0), v(1), v(3), v(5), v(7), fraction-early+2)
		if x > 0 { // the first ones go on in 32 bits
			a, b = saturate16(a), saturate16(b)
		}
		rows[0][x], rows[1][x] = a, b
	}
	for y := range rows {
		r := &rows[y]
		a, b := butterfly2(r[0], r[1], r[3], r[5], r[7], fraction+early+3+2)
		line := out[y*stride:][:2:2]
		line[0], line[1] = level(saturate16(a)), level(saturate16(b))
	}
}
