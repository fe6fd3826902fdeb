package jpeg

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	. "github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
)

// The transforms that give fewer pixels, of two blocks at a time, too.

// Libjpeg's further constants, times 2^13.
const (
	c0_211 = 1730
	c0_509 = 4176
	c0_601 = 4926
	c0_720 = 5906
	c0_850 = 6967
	c1_061 = 8697
	c1_272 = 10426
	c1_451 = 11893
	c2_172 = 17799
	c3_624 = 29692
)

// quarter holds the constants of 4x4 pixels.
type quarter struct {
	even       Mem // of rows 2 and 6
	near, wide Mem // of rows 1 and 3, for the inner and the outer results
	nearHigh   Mem // of rows 5 and 7
	wideHigh   Mem
	half       [2]Mem
}

func genQuarter(level Mem) {
	q := quarter{
		even:     pairs("evenQuarter", c1_847, -c0_765),
		near:     pairs("near", c1_061, -c2_172),
		wide:     pairs("wide", c2_562, c0_899),
		nearHigh: pairs("nearHigh", c1_451, -c0_211),
		wideHigh: pairs("wideHigh", -c0_601, -c0_509),
		half:     [2]Mem{doubles("halfColumnsQuarter", 1<<11), doubles("halfRowsQuarter", 1<<18)},
	}
	Begin("idct4Pair")
	x0, x1, x2, x3, x5, x6, x7 := y[0], y[1], y[2], y[3], y[4], y[5], y[6]
	loadRows([]int{0, 1, 2, 3, 5, 6, 7}, y[7])
	zero := y[8]
	VPXOR(zero, zero, zero)
	// Columns. What the butterfly takes is unpacked into y[9] to y[12].
	for h, to := range [][4]VecPhysical{{y[13], y[14], y[15], zero}, {x1, x2, x3, x5}} {
		high := h == 0 // first, while all rows are there
		if !high {
			zero = y[8]
		}
		half16(high, x6, x2, y[9])
		half16(high, x3, x1, y[10])
		half16(high, x7, x5, y[11])
		half16(high, x0, zero, y[12])
		q.butterfly(0, 12, to)
		if high {
			// The fourth result takes the zeros' place; they are made again.
			VMOVDQA(zero, y[7])
			VPXOR(zero, zero, zero)
		}
	}
	rows := [4]VecPhysical{x1, x2, x3, x5}
	for i, high := range []VecPhysical{y[13], y[14], y[15], y[7]} {
		VPACKSSDW(high, rows[i], rows[i])
	}
	fixFirstRow("quarter", rows[:])
	// Columns 0 and 1, 2 and 3, 4 and 5, 6 and 7 of four rows.
	VPUNPCKLWD(rows[1], rows[0], y[9])
	VPUNPCKHWD(rows[1], rows[0], y[10])
	VPUNPCKLWD(rows[3], rows[2], y[11])
	VPUNPCKHWD(rows[3], rows[2], y[12])
	c01, c23, c45, c67 := y[0], y[1], y[2], y[3]
	VPUNPCKLDQ(y[11], y[9], c01)
	VPUNPCKHDQ(y[11], y[9], c23)
	VPUNPCKLDQ(y[12], y[10], c45)
	VPUNPCKHDQ(y[12], y[10], c67)
	VPXOR(y[8], y[8], y[8])
	VPUNPCKLWD(c67, c23, y[9])
	VPUNPCKHWD(c23, c01, y[10])
	VPUNPCKHWD(c67, c45, y[11])
	VPUNPCKLWD(c01, y[8], y[12])
	q.butterfly(1, 19, [4]VecPhysical{y[0], y[1], y[2], y[3]})
	// Rows of four bytes.
	VPACKSSDW(y[2], y[0], y[0])
	VPACKSSDW(y[3], y[1], y[1])
	VPUNPCKLWD(y[1], y[0], y[2])
	VPUNPCKHWD(y[1], y[0], y[3])
	VPUNPCKLDQ(y[3], y[2], y[0])
	VPUNPCKHDQ(y[3], y[2], y[1])
	VPACKSSWB(y[1], y[0], y[0])
	VPXOR(level, y[0], y[0])
	storeFours(idctOutA, idctStrideA)
	VEXTRACTI128(Imm(1), y[0], X0)
	storeFours(idctOutB, idctStrideB)
	VZEROUPPER()
	RET()
}

// butterfly makes four results of y[9] to y[12]: rows 2 and 6, 1 and 3, 5 and 7
// in turns, and the first one, shifted up by 16.
func (q *quarter) butterfly(pass, shift int, to [4]VecPhysical) {
	x26, x13, x57, x0 := y[9], y[10], y[11], y[12]
	VPSRAD(Imm(2), x0, x0) // a shift up by 14
	VPADDD(q.half[pass], x0, x0)
	VPMADDWD(q.even, x26, x26)
	outer, inner := to[0], to[1]
	VPADDD(x26, x0, outer)
	VPSUBD(x26, x0, inner)
	VPMADDWD(q.wide, x13, x0)
	VPMADDWD(q.wideHigh, x57, x26)
	VPADDD(x26, x0, x0)
	VPMADDWD(q.near, x13, x13)
	VPMADDWD(q.nearHigh, x57, x57)
	VPADDD(x57, x13, x13)
	VPSUBD(x0, outer, to[3])
	VPADDD(x0, outer, outer)
	VPSUBD(x13, inner, to[2])
	VPADDD(x13, inner, inner)
	for _, v := range to {
		VPSRAD(U8(uint8(shift)), v, v)
	}
}

// storeFours stores four rows of four bytes.
func storeFours(out, stride int) {
	at, step := RBX, RCX
	MOVQ(Arg(out), at)
	MOVQ(Arg(stride), step)
	VMOVD(X0, Mem{Base: at})
	VPEXTRD(Imm(1), X0, Mem{Base: at, Index: step, Scale: 1})
	LEAQ(Mem{Base: at, Index: step, Scale: 2}, at)
	VPEXTRD(Imm(2), X0, Mem{Base: at})
	VPEXTRD(Imm(3), X0, Mem{Base: at, Index: step, Scale: 1})
}

// eighth holds the constants of 2x2 pixels.
type eighth struct {
	low, high Mem // of rows 1 and 3, 5 and 7
	half      [2]Mem
}

func genEighth(level Mem) {
	e := eighth{
		low:  pairs("lowEighth", c3_624, -c1_272),
		high: pairs("highEighth", c0_850, -c0_720),
		half: [2]Mem{doubles("halfColumnsEighth", 1<<12), doubles("halfRowsEighth", 1<<19)},
	}
	Begin("idct2Pair")
	x0, x1, x3, x5, x7 := y[0], y[1], y[2], y[3], y[4]
	loadRows([]int{0, 1, 3, 5, 7}, nil)
	zero := y[15]
	VPXOR(zero, zero, zero)
	// Both results of all columns: low ones in y[5] and y[6], high ones in y[7]
	// and y[8].
	for h := 0; h < 2; h++ {
		high := h == 1
		half16(high, x3, x1, y[9])
		half16(high, x7, x5, y[10])
		half16(high, x0, zero, y[11])
		e.butterfly(0, 13, 1, y[9], y[10], y[11], y[5+2*h], y[6+2*h])
	}
	// The first column goes on in 32 bits, the odd ones in 16: (1,3) and (5,7) of
	// both rows.
	VPUNPCKLDQ(y[6], y[5], y[11]) // the first column of both rows, at the bottom
	VPACKSSDW(y[7], y[5], y[5])
	VPACKSSDW(y[8], y[6], y[6])
	// Words 1 and 3 next to each other, and 5 and 7.
	VPSRLD(Imm(16), y[5], y[5])
	VPSRLD(Imm(16), y[6], y[6])
	VPACKUSDW(y[6], y[5], y[5]) // 1 3 5 7 of row 0, then of row 1
	VPSHUFD(Imm(0x08), y[5], y[9])
	VPSHUFD(Imm(0x0D), y[5], y[10])
	VPSLLD(Imm(15), y[11], y[11])
	VPADDD(e.half[1], y[11], y[11])
	e.sums(y[9], y[10], y[11], y[0], y[1])
	VPSRAD(Imm(20), y[0], y[0])
	VPSRAD(Imm(20), y[1], y[1])
	VPUNPCKLDQ(y[1], y[0], y[0])
	VPACKSSDW(y[0], y[0], y[0])
	VPACKSSWB(y[0], y[0], y[0])
	VPXOR(level, y[0], y[0])
	storeTwos(idctOutA, idctStrideA)
	VEXTRACTI128(Imm(1), y[0], X0)
	storeTwos(idctOutB, idctStrideB)
	VZEROUPPER()
	RET()
}

// butterfly makes two results; first is shifted up by 16, and down to 15.
func (e *eighth) butterfly(pass, shift, down int, x13, x57, first, sum, difference VecPhysical) {
	VPSRAD(U8(uint8(down)), first, first)
	VPADDD(e.half[pass], first, first)
	e.sums(x13, x57, first, sum, difference)
	VPSRAD(U8(uint8(shift)), sum, sum)
	VPSRAD(U8(uint8(shift)), difference, difference)
}

func (e *eighth) sums(x13, x57, first, sum, difference VecPhysical) {
	VPMADDWD(e.low, x13, x13)
	VPMADDWD(e.high, x57, x57)
	VPADDD(x57, x13, x13)
	VPADDD(x13, first, sum)
	VPSUBD(x13, first, difference)
}

// storeTwos stores two rows of two bytes.
func storeTwos(out, stride int) {
	at, step := RBX, RCX
	MOVQ(Arg(out), at)
	MOVQ(Arg(stride), step)
	VPEXTRW(Imm(0), X0, Mem{Base: at})
	VPEXTRW(Imm(1), X0, Mem{Base: at, Index: step, Scale: 1})
}
