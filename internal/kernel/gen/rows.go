package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Rows of pixels of 16 channels: what is not a convolution. Each function
// handles a pixel as one ZMM or two YMM.

// halves are the vectors of a pixel.
func (l lanes) halves() int { return 64 / l.bytes }

// vec is the i-th variable of a pixel: register 2i or 2i and 2i+1.
func (l lanes) vec(i int) []VecPhysical { return l.r[2*i : 2*i+l.halves()] }

// of is the h-th vector of a pixel in memory.
func (l lanes) of(base Register, h int) Mem { return Mem{Base: base, Disp: h * l.bytes} }

// Offsets of the fields of kernel.mapArgs.
const (
	mapX = 8 * iota
	mapY
	mapOut
	mapScale
	mapShift
	mapPixels
	mapAct
	mapSlope
)

// genMapRow generates out = act(x·scale + shift + y).
func (l lanes) genMapRow() {
	function("mapRow%d", 8*l.bytes)
	x, y, out, pixels, act, at := RBX, RCX, RDX, RSI, RDI, R8
	v, scale, shift, zero, slope, scaled := l.vec(0), l.vec(1), l.vec(2), l.vec(3), l.vec(4), l.vec(5)
	MOVQ(arg(mapX), x)
	MOVQ(arg(mapY), y)
	MOVQ(arg(mapOut), out)
	MOVQ(arg(mapPixels), pixels)
	MOVQ(arg(mapAct), act)
	for h := range v {
		MOVQ(arg(mapScale), at)
		VMOVUPS(l.of(at, h), scale[h])
		MOVQ(arg(mapShift), at)
		VMOVUPS(l.of(at, h), shift[h])
		VXORPS(zero[h].AsX(), zero[h].AsX(), zero[h].AsX())
		VBROADCASTSS(arg(mapSlope), slope[h])
	}
	Label("pixel")
	for h := range v {
		VMOVUPS(l.of(x, h), v[h])
		VFMADD213PS(shift[h], scale[h], v[h])
	}
	ADDQ(Imm(64), x)
	TESTQ(y, y)
	JZ(LabelRef("activate"))
	for h := range v {
		VADDPS(l.of(y, h), v[h], v[h])
	}
	ADDQ(Imm(64), y)
	Label("activate")
	CMPQ(act, Imm(1))
	JB(LabelRef("store"))
	JA(LabelRef("leaky"))
	for h := range v {
		VMAXPS(v[h], zero[h], v[h])
	}
	JMP(LabelRef("store"))
	Label("leaky")
	for h := range v {
		VMULPS(v[h], slope[h], scaled[h])
		VMAXPS(v[h], scaled[h], v[h])
	}
	Label("store")
	for h := range v {
		VMOVUPS(v[h], l.of(out, h))
	}
	ADDQ(Imm(64), out)
	DECQ(pixels)
	JNZ(LabelRef("pixel"))
	VZEROUPPER()
	RET()
}

// Offsets of the fields of kernel.blendArgs.
const (
	blendIn = 8 * iota
	blendRows
	blendRowWeights
	blendRowCount
	blendColumns
	blendColumnWeights
	blendColumnCount
	blendOut
	blendPixels
)

// genBlendRow generates out = Σ over rows r and columns c of wr·wc·in[r, c],
// with columns of each pixel's own.
func (l lanes) genBlendRow() {
	function("blendRow%d", 8*l.bytes)
	in, columns, weights, pixels, out := RBX, RCX, RDX, RSI, RDI
	rows, row, r, c, at := R8, R9, R10, R11, R12
	sum, w, wr := l.vec(0), l.vec(1), l.vec(2)
	MOVQ(arg(blendIn), in)
	MOVQ(arg(blendColumns), columns)
	MOVQ(arg(blendColumnWeights), weights)
	MOVQ(arg(blendPixels), pixels)
	MOVQ(arg(blendOut), out)
	MOVQ(arg(blendRows), rows)
	rowWeights, columnCount := R13, R15
	MOVQ(arg(blendRowWeights), rowWeights)
	MOVQ(arg(blendColumnCount), columnCount)
	Label("pixel")
	for h := range sum {
		VXORPS(sum[h].AsX(), sum[h].AsX(), sum[h].AsX())
	}
	XORQ(r, r)
	Label("row")
	MOVQ(Mem{Base: rows, Index: r, Scale: 8}, row)
	ADDQ(in, row)
	VBROADCASTSS(Mem{Base: rowWeights, Index: r, Scale: 4}, wr[0])
	XORQ(c, c)
	Label("column")
	MOVQ(Mem{Base: columns, Index: c, Scale: 8}, at)
	ADDQ(row, at)
	VBROADCASTSS(Mem{Base: weights, Index: c, Scale: 4}, w[0])
	VMULPS(wr[0], w[0], w[0])
	for h := range sum {
		VFMADD231PS(l.of(at, h), w[0], sum[h])
	}
	INCQ(c)
	CMPQ(c, columnCount)
	JB(LabelRef("column"))
	INCQ(r)
	CMPQ(r, arg(blendRowCount))
	JB(LabelRef("row"))
	for h := range sum {
		VMOVUPS(sum[h], l.of(out, h))
	}
	ADDQ(Imm(64), out)
	LEAQ(Mem{Base: columns, Index: columnCount, Scale: 8}, columns)
	LEAQ(Mem{Base: weights, Index: columnCount, Scale: 4}, weights)
	DECQ(pixels)
	JNZ(LabelRef("pixel"))
	VZEROUPPER()
	RET()
}

// Offsets of the fields of kernel.momentArgs.
const (
	momentIn = 8 * iota
	momentPixels
	momentCentre
	momentSum
	momentSquares
)

// genMomentsRow generates sum = Σ(x - centre) and squares = Σ(x - centre)².
func (l lanes) genMomentsRow() {
	function("momentsRow%d", 8*l.bytes)
	in, pixels, at := RBX, RCX, RDX
	x, centre, sum, squares := l.vec(0), l.vec(1), l.vec(2), l.vec(3)
	MOVQ(arg(momentIn), in)
	MOVQ(arg(momentPixels), pixels)
	MOVQ(arg(momentCentre), at)
	for h := range x {
		VMOVUPS(l.of(at, h), centre[h])
		VXORPS(sum[h].AsX(), sum[h].AsX(), sum[h].AsX())
		VXORPS(squares[h].AsX(), squares[h].AsX(), squares[h].AsX())
	}
	Label("pixel")
	for h := range x {
		VMOVUPS(l.of(in, h), x[h])
		VSUBPS(centre[h], x[h], x[h])
		VADDPS(x[h], sum[h], sum[h])
		VFMADD231PS(x[h], x[h], squares[h])
	}
	ADDQ(Imm(64), in)
	DECQ(pixels)
	JNZ(LabelRef("pixel"))
	for h := range x {
		MOVQ(arg(momentSum), at)
		VMOVUPS(sum[h], l.of(at, h))
		MOVQ(arg(momentSquares), at)
		VMOVUPS(squares[h], l.of(at, h))
	}
	VZEROUPPER()
	RET()
}

// Offsets of the fields of kernel.transposeArgs.
const (
	transposeIn = 8 * iota
	transposeInPitch
	transposeInStep
	transposeOut
	transposeOutPitch
	transposeOutStep
	transposeCount
)

// genTranspose generates out[j][i] = in[i][j] for squares of 8x8, one after
// the other. AVX2 serves every tier.
func genTranspose() {
	function("transpose8x8")
	in, inPitch, inStep := RBX, RCX, RDX
	out, outPitch, outStep := RSI, RDI, R8
	count, at := R9, R10
	MOVQ(arg(transposeIn), in)
	MOVQ(arg(transposeInPitch), inPitch)
	MOVQ(arg(transposeInStep), inStep)
	MOVQ(arg(transposeOut), out)
	MOVQ(arg(transposeOutPitch), outPitch)
	MOVQ(arg(transposeOutStep), outStep)
	MOVQ(arg(transposeCount), count)
	Label("square")
	MOVQ(in, at)
	for i := 0; i < 8; i++ {
		VMOVUPS(Mem{Base: at}, y[i])
		if i < 7 {
			ADDQ(inPitch, at)
		}
	}
	// Pairs of rows, then fours, then the two halves of all eight.
	for i := 0; i < 8; i += 2 {
		VUNPCKLPS(y[i+1], y[i], y[8+i])
		VUNPCKHPS(y[i+1], y[i], y[9+i])
	}
	for i := 0; i < 8; i += 4 {
		VSHUFPS(Imm(0x44), y[10+i], y[8+i], y[i])
		VSHUFPS(Imm(0xEE), y[10+i], y[8+i], y[i+1])
		VSHUFPS(Imm(0x44), y[11+i], y[9+i], y[i+2])
		VSHUFPS(Imm(0xEE), y[11+i], y[9+i], y[i+3])
	}
	for i := 0; i < 4; i++ {
		VPERM2F128(Imm(0x20), y[4+i], y[i], y[8+i])
		VPERM2F128(Imm(0x31), y[4+i], y[i], y[12+i])
	}
	MOVQ(out, at)
	for i := 0; i < 8; i++ {
		VMOVUPS(y[8+i], Mem{Base: at})
		if i < 7 {
			ADDQ(outPitch, at)
		}
	}
	ADDQ(inStep, in)
	ADDQ(outStep, out)
	DECQ(count)
	JNZ(LabelRef("square"))
	VZEROUPPER()
	RET()
}

func genRows(l lanes) {
	l.genMapRow()
	l.genBlendRow()
	l.genMomentsRow()
}
