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
func saturate16(v int32) int32 { return min(max(v, -32768), 32767) }

// level brings a value of mean 0 into 0 to 255.
func level(v int32) uint8 { return uint8(min(max(v, -128), 127) + 128) }

// firstOnly is the pixel of a block that has nothing but a first coefficient.
func firstOnly(v int16, quant uint16) uint8 {
	return level((int32(int16(int32(v)*int32(quant))) + 4) >> 3)
}

// single is the one pixel of a block at an eighth of the size. libjpeg looks it
// up in a table that repeats after 10 bits.
func single(v int16, quant uint16) uint8 {
	return level((int32(v)*int32(int16(quant)) + 4) >> 3 << 22 >> 22)
}

// dequantise multiplies coefficient k.
func dequantise(in *block, quant *[64]uint16, k int) int32 {
	return int32(int16(int32(in[k]) * int32(quant[k])))
}

// butterfly8 is the transform in one dimension: eight values, rounded down by
// some bits after adding half.
func butterfly8(in *[8]int32, half int32, shift uint) [8]int32 {
	even := int32(int16(in[0]+in[4])) << fraction
	odd := int32(int16(in[0]-in[4])) << fraction
	z := (in[2] + in[6]) * c0_541
	t2, t3 := z-in[6]*c1_847, z+in[2]*c0_765
	e0, e3, e1, e2 := even+t3+half, even-t3+half, odd+t2+half, odd-t2+half

	z3, z4 := int32(int16(in[7]+in[3])), int32(int16(in[5]+in[1]))
	z5 := (z3 + z4) * c1_175
	z1, z2 := (in[7]+in[1])*-c0_899, (in[5]+in[3])*-c2_562
	z3, z4 = z5-z3*c1_961, z5-z4*c0_390
	o0 := in[7]*c0_298 + z1 + z3
	o1 := in[5]*c2_053 + z2 + z4
	o2 := in[3]*c3_072 + z2 + z3
	o3 := in[1]*c1_501 + z1 + z4
	return [8]int32{
		(e0 + o3) >> shift, (e1 + o2) >> shift, (e2 + o1) >> shift, (e3 + o0) >> shift,
		(e3 - o0) >> shift, (e2 - o1) >> shift, (e1 - o2) >> shift, (e0 - o3) >> shift,
	}
}

// idct8 transforms a block into 8x8 pixels.
func idct8(in *block, quant *[64]uint16, out []uint8, stride int) {
	var rows [8][8]int32
	for x := range 8 {
		if in[8+x]|in[16+x]|in[24+x]|in[32+x]|in[40+x]|in[48+x]|in[56+x] == 0 {
			v := saturate16(dequantise(in, quant, x) << early)
			for y := range rows {
				rows[y][x] = v
			}
			continue
		}
		var column [8]int32
		for y := range column {
			column[y] = dequantise(in, quant, 8*y+x)
		}
		column = butterfly8(&column, 1<<(fraction-early-1), fraction-early)
		for y := range rows {
			rows[y][x] = saturate16(column[y])
		}
	}
	const shift = fraction + early + 3
	for y := range rows {
		row := butterfly8(&rows[y], 1<<(shift-1), shift)
		line := out[y*stride:][:8:8]
		for x, v := range row {
			line[x] = level(v)
		}
	}
}
