package jpeg

// The transforms that give fewer pixels of a block: 4x4 from all coefficients
// but those of the middle frequency, 2x2 from the lowest and the odd ones.

// butterfly4 makes four values of eight; the fifth is of no account.
func butterfly4(in *[8]int32, shift uint) [4]int32 {
	half := int32(1) << (shift - 1)
	t := in[0] << (fraction + 1)
	t2 := in[2]*c1_847 - in[6]*c0_765
	e0, e1 := t+t2+half, t-t2+half
	o1 := -in[7]*c0_211 + in[5]*c1_451 - in[3]*c2_172 + in[1]*c1_061
	o0 := -in[7]*c0_509 - in[5]*c0_601 + in[3]*c0_899 + in[1]*c2_562
	return [4]int32{(e0 + o0) >> shift, (e1 + o1) >> shift, (e1 - o1) >> shift, (e0 - o0) >> shift}
}

// idct4 transforms a block into 4x4 pixels.
func idct4(in *block, quant *[64]uint16, out []uint8, stride int) {
	var rows [4][8]int32
	var below int16 // the first row of coefficients
	for x := range 8 {
		var column [8]int32
		for y := range column {
			column[y] = dequantise(in, quant, 8*y+x)
			if y != 0 && y != 4 {
				below |= in[8*y+x]
			}
		}
		for y, v := range butterfly4(&column, fraction-early+1) {
			rows[y][x] = saturate16(v)
		}
	}
	if below == 0 {
		// Here libjpeg shifts in 16 bits.
		for x := range 8 {
			v := int32(int16(dequantise(in, quant, x) << early))
			rows[0][x], rows[1][x], rows[2][x], rows[3][x] = v, v, v, v
		}
	}
	for y := range rows {
		line := out[y*stride:][:4:4]
		for x, v := range butterfly4(&rows[y], fraction+early+3+1) {
			line[x] = level(v)
		}
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
