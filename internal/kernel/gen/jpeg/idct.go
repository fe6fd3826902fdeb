package jpeg

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	. "github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
)

// The inverse DCT of two blocks, one in each half of the vectors: eight rows of
// 16-bit numbers. Products are of pairs of numbers, summed in 32 bits
// (VPMADDWD), which is why each sum of two products is one instruction.

// Offsets of the fields of jpeg.idctArgs.
const (
	idctIn = 8 * iota
	idctQuantA
	idctQuantB
	idctOutA
	idctOutB
	idctStrideA
	idctStrideB
	idctScratch
)

// Libjpeg's constants, times 2^13.
const (
	c0_298 = 2446
	c0_390 = 3196
	c0_541 = 4433
	c0_765 = 6270
	c0_899 = 7373
	c1_175 = 9633
	c1_501 = 12299
	c1_847 = 15137
	c1_961 = 16069
	c2_053 = 16819
	c2_562 = 20995
	c3_072 = 25172
)

// transform holds the constants.
type transform struct {
	even2, even3           Mem // of rows 2 and 6
	odd3, odd4             Mem // of the sums of rows 7 and 3, 5 and 1
	odd0, odd1, odd2, odd5 Mem // of rows 7 and 1, 5 and 3
	half                   [2]Mem
	level                  Mem
}

// Transform generates the inverse DCTs.
func Transform(Lanes) {
	t := transform{
		even2: pairs("even2", c0_541, c0_541-c1_847),
		even3: pairs("even3", c0_541+c0_765, c0_541),
		odd3:  pairs("odd3", c1_175-c1_961, c1_175),
		odd4:  pairs("odd4", c1_175, c1_175-c0_390),
		odd0:  pairs("odd0", c0_298-c0_899, -c0_899),
		odd5:  pairs("odd5", -c0_899, c1_501-c0_899),
		odd1:  pairs("odd1", c2_053-c2_562, -c2_562),
		odd2:  pairs("odd2", -c2_562, c3_072-c2_562),
		half:  [2]Mem{doubles("halfColumns", 1<<10), doubles("halfRows", 1<<17)},
		level: octets("level", 128, 128),
	}
	Begin("idct8Pair")
	loadRows([]int{0, 1, 2, 3, 4, 5, 6, 7}, y[12])
	t.butterfly(0, 11)
	fixFirstRow("whole", y[:8])
	transpose()
	t.butterfly(1, 18)
	t.store()
	VZEROUPPER()
	RET()
	genQuarter(t.level)
	genEighth(t.level)
}

// loadRows reads some rows of the blocks times their quantisation into y[0] and
// so on, and leaves zeros in the blocks. With a register for it, it finds which
// block has coefficients in its first row alone, which fixFirstRow asks for.
func loadRows(rows []int, rest VecPhysical) {
	in, a, b := RBX, RCX, RDX
	MOVQ(Arg(idctIn), in)
	MOVQ(Arg(idctQuantA), a)
	MOVQ(Arg(idctQuantB), b)
	zero, quant := y[15], y[14]
	VPXOR(zero, zero, zero)
	for i, at := range rows {
		row := y[i]
		VMOVDQU(Mem{Base: in, Disp: 16 * at}, row.AsX())
		VINSERTI128(Imm(1), Mem{Base: in, Disp: 128 + 16*at}, row, row)
		switch {
		case rest == nil:
		case i == 1:
			VMOVDQA(row, rest)
		case i > 1:
			VPOR(row, rest, rest)
		}
		VMOVDQU(Mem{Base: a, Disp: 16 * at}, quant.AsX())
		VINSERTI128(Imm(1), Mem{Base: b, Disp: 16 * at}, quant, quant)
		VPMULLW(quant, row, row)
	}
	for i := 0; i < 8; i++ {
		VMOVDQU(zero, Mem{Base: in, Disp: 32 * i})
	}
	if rest == nil {
		return
	}
	scratch, swapped := RBX, y[13]
	MOVQ(Arg(idctScratch), scratch)
	VPCMPEQQ(zero, rest, rest)
	VPSHUFD(Imm(0x4E), rest, swapped)
	VPAND(swapped, rest, rest)
	VPMOVMSKB(rest, R8L)
	VMOVDQU(rest, Mem{Base: scratch, Disp: scratchMask})
	VPSLLW(Imm(2), y[0], rest)
	VMOVDQU(rest, Mem{Base: scratch, Disp: scratchRow})
}

// Where in the scratch the mask and the shifted first row lie, after the high
// halves of all rows.
const (
	scratchMask = 256
	scratchRow  = 288
)

// fixFirstRow gives a block with coefficients in its first row alone that in all
// rows, shifted in 16 bits, as libjpeg does. Where nothing overflows, the
// butterfly gave the same.
func fixFirstRow(name string, rows []VecPhysical) {
	TESTL(R8L, R8L)
	JZ(LabelRef(name))
	scratch, mask, first := RBX, y[8], y[9]
	MOVQ(Arg(idctScratch), scratch)
	VMOVDQU(Mem{Base: scratch, Disp: scratchMask}, mask)
	VMOVDQU(Mem{Base: scratch, Disp: scratchRow}, first)
	for _, row := range rows {
		VPBLENDVB(mask, first, row, row)
	}
	Label(name)
}

// half16 unpacks the low or the high half of two rows in turns.
func half16(high bool, b, a, to VecPhysical) {
	if high {
		VPUNPCKHWD(b, a, to)
	} else {
		VPUNPCKLWD(b, a, to)
	}
}

// butterfly is the transform in one dimension of the rows y[0] to y[7]. First
// the high halves of all rows are computed, which wait in memory, then the low
// ones.
func (t *transform) butterfly(pass, shift int) {
	scratch := RBX
	MOVQ(Arg(idctScratch), scratch)
	// Sums in 16 bits. The registers of the rows become free.
	sum, difference, z3, z4 := y[8], y[9], y[10], y[11]
	VPADDW(y[4], y[0], sum)
	VPSUBW(y[4], y[0], difference)
	VPADDW(y[3], y[7], z3)
	VPADDW(y[1], y[5], z4)
	// Pairs, low and high: (2,6), (7,1), (5,3), (z3,z4).
	zero := y[0]
	VPXOR(zero, zero, zero)
	half16(true, y[6], y[2], y[4])
	half16(false, y[6], y[2], y[2])
	half16(true, y[1], y[7], y[6])
	half16(false, y[1], y[7], y[7])
	half16(true, y[3], y[5], y[1])
	half16(false, y[3], y[5], y[5])
	half16(true, z4, z3, y[3])
	half16(false, z4, z3, z3)
	half16(true, sum, zero, z4)
	half16(false, sum, zero, sum)
	half16(true, difference, zero, y[12])
	half16(false, difference, zero, difference)
	// The high half: of what is left, y[0] and y[13] to y[15] are free.
	t.half32(pass, shift, y[4], y[6], y[1], y[3], z4, y[12], [4]VecPhysical{y[0], y[13], y[14], y[15]}, func(row int, v VecPhysical) {
		VMOVDQU(v, Mem{Base: scratch, Disp: 32 * row})
	})
	var low [8]VecPhysical
	t.half32(pass, shift, y[2], y[7], y[5], z3, sum, difference, [4]VecPhysical{y[0], y[1], y[3], y[4]}, func(row int, v VecPhysical) {
		low[row] = v
	})
	// Rows into y[0] to y[7] again, by way of registers that are free.
	free := map[VecPhysical]bool{}
	for _, v := range y {
		free[v] = true
	}
	for _, v := range low {
		free[v] = false
	}
	at := low
	for row := range at {
		VPACKSSDW(Mem{Base: scratch, Disp: 32 * row}, at[row], at[row])
	}
	for row := range at {
		if at[row] == y[row] {
			continue
		}
		if !free[y[row]] { // another row lies there: it moves away
			for other := range at {
				if at[other] == y[row] {
					spare := anyFree(free)
					VMOVDQA(y[row], spare)
					free[spare], at[other] = false, spare
				}
			}
		}
		VMOVDQA(at[row], y[row])
		free[at[row]], free[y[row]] = true, false
		at[row] = y[row]
	}
}

// anyFree is the last register that is free.
func anyFree(free map[VecPhysical]bool) VecPhysical {
	for i := len(y) - 1; i >= 0; i-- {
		if free[y[i]] {
			return y[i]
		}
	}
	panic("no free register")
}

// half32 transforms half of the rows in 32 bits, and hands the eight results
// out.
func (t *transform) half32(pass, shift int, p26, p71, p53, p34, sum, difference VecPhysical, free [4]VecPhysical, out func(row int, v VecPhysical)) {
	a, b, c, d := free[0], free[1], free[2], free[3]
	VPMADDWD(t.even2, p26, a)
	VPMADDWD(t.even3, p26, p26)
	VPSRAD(Imm(3), sum, sum) // a shift up by 16 and down by 3: by 13
	VPSRAD(Imm(3), difference, difference)
	VPADDD(t.half[pass], sum, sum)
	VPADDD(t.half[pass], difference, difference)
	e0, e3, e1, e2 := b, sum, p26, difference
	VPADDD(p26, sum, e0)
	VPSUBD(p26, sum, e3)
	VPADDD(a, difference, e1)
	VPSUBD(a, difference, e2)

	VPMADDWD(t.odd3, p34, a)
	VPMADDWD(t.odd4, p34, p34)
	o0, o3, o1, o2 := c, p71, d, p53
	VPMADDWD(t.odd0, p71, o0)
	VPMADDWD(t.odd5, p71, o3)
	VPMADDWD(t.odd1, p53, o1)
	VPMADDWD(t.odd2, p53, o2)
	VPADDD(a, o0, o0)
	VPADDD(p34, o3, o3)
	VPADDD(p34, o1, o1)
	VPADDD(a, o2, o2)

	// a and p34 are free now.
	spare := a
	for _, r := range []struct {
		row  int
		e, o VecPhysical
	}{{0, e0, o3}, {1, e1, o2}, {2, e2, o1}, {3, e3, o0}} {
		VPADDD(r.o, r.e, spare)
		VPSUBD(r.o, r.e, r.o)
		VPSRAD(U8(uint8(shift)), spare, spare)
		VPSRAD(U8(uint8(shift)), r.o, r.o)
		out(r.row, spare)
		out(7-r.row, r.o)
		spare = r.e
	}
}

// transpose exchanges rows and columns in each half of y[0] to y[7].
func transpose() {
	for i := 0; i < 4; i++ { // rows i and i+4
		VPUNPCKLWD(y[i+4], y[i], y[8+2*i])
		VPUNPCKHWD(y[i+4], y[i], y[9+2*i])
	}
	for i := 0; i < 4; i++ { // of those, two apart
		VPUNPCKLWD(y[12+i], y[8+i], y[2*i])
		VPUNPCKHWD(y[12+i], y[8+i], y[2*i+1])
	}
	for i := 0; i < 4; i++ {
		VPUNPCKLWD(y[4+i], y[i], y[8+2*i])
		VPUNPCKHWD(y[4+i], y[i], y[9+2*i])
	}
	for i := 0; i < 8; i++ {
		VMOVDQA(y[8+i], y[i])
	}
}

// store brings the columns y[0] to y[7] to rows of bytes.
func (t *transform) store() {
	for i := 0; i < 4; i++ {
		VPACKSSWB(y[4+i], y[i], y[i]) // columns i and i+4
	}
	VPUNPCKLBW(y[1], y[0], y[4])  // columns 0 and 1 of all rows
	VPUNPCKHBW(y[1], y[0], y[5])  // 4 and 5
	VPUNPCKLBW(y[3], y[2], y[6])  // 2 and 3
	VPUNPCKHBW(y[3], y[2], y[7])  // 6 and 7
	VPUNPCKLWD(y[6], y[4], y[8])  // 0 to 3 of rows 0 to 3
	VPUNPCKHWD(y[6], y[4], y[9])  // of rows 4 to 7
	VPUNPCKLWD(y[7], y[5], y[10]) // 4 to 7
	VPUNPCKHWD(y[7], y[5], y[11])
	VPUNPCKLDQ(y[10], y[8], y[0])
	VPUNPCKHDQ(y[10], y[8], y[1])
	VPUNPCKLDQ(y[11], y[9], y[2])
	VPUNPCKHDQ(y[11], y[9], y[3])
	for i := 0; i < 4; i++ {
		VPXOR(t.level, y[i], y[i])
	}
	t.rows(idctOutA, idctStrideA)
	for i := 0; i < 4; i++ {
		VEXTRACTI128(Imm(1), y[i], y[i].AsX())
	}
	t.rows(idctOutB, idctStrideB)
}

// rows stores two rows of each of four vectors.
func (t *transform) rows(out, stride int) {
	at, step := RBX, RCX
	MOVQ(Arg(out), at)
	MOVQ(Arg(stride), step)
	for i := 0; i < 4; i++ {
		VMOVQ(y[i].AsX(), Mem{Base: at})
		VMOVHPS(y[i].AsX(), Mem{Base: at, Index: step, Scale: 1})
		if i < 3 {
			LEAQ(Mem{Base: at, Index: step, Scale: 2}, at)
		}
	}
}
