package rows

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	. "github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
)

// Write generates the functions of rows of pixels of 16 channels: what is not
// a convolution. Each handles a pixel as one ZMM or two YMM.
func Write(l Lanes) {
	mapRow(l)
	blendRow(l)
	momentsRow(l)
}

// Offsets of the fields of rows.MapArgs.
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

// mapRow generates out = act(x·scale + shift + y).
func mapRow(l Lanes) {
	Begin("mapRow%d", 8*l.Bytes)
	x, y, out, pixels, act, at := RBX, RCX, RDX, RSI, RDI, R8
	v, scale, shift, zero, slope, scaled := l.Vec(0), l.Vec(1), l.Vec(2), l.Vec(3), l.Vec(4), l.Vec(5)
	MOVQ(Arg(mapX), x)
	MOVQ(Arg(mapY), y)
	MOVQ(Arg(mapOut), out)
	MOVQ(Arg(mapPixels), pixels)
	MOVQ(Arg(mapAct), act)
	for h := range v {
		MOVQ(Arg(mapScale), at)
		VMOVUPS(l.Of(at, h), scale[h])
		MOVQ(Arg(mapShift), at)
		VMOVUPS(l.Of(at, h), shift[h])
		VXORPS(zero[h].AsX(), zero[h].AsX(), zero[h].AsX())
		VBROADCASTSS(Arg(mapSlope), slope[h])
	}
	Label("pixel")
	for h := range v {
		VMOVUPS(l.Of(x, h), v[h])
		VFMADD213PS(shift[h], scale[h], v[h])
	}
	ADDQ(Imm(64), x)
	TESTQ(y, y)
	JZ(LabelRef("activate"))
	for h := range v {
		VADDPS(l.Of(y, h), v[h], v[h])
	}
	ADDQ(Imm(64), y)
	Label("activate")
	Activation{Number: act, Values: v, Zero: zero, Slope: slope, Scaled: scaled}.Generate()
	for h := range v {
		VMOVUPS(v[h], l.Of(out, h))
	}
	ADDQ(Imm(64), out)
	DECQ(pixels)
	JNZ(LabelRef("pixel"))
	VZEROUPPER()
	RET()
}

// Offsets of the fields of rows.blendArgs.
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

// blendRow generates out = Σ over rows r and columns c of wr·wc·in[r, c],
// with columns of each pixel's own.
func blendRow(l Lanes) {
	Begin("blendRow%d", 8*l.Bytes)
	in, columns, weights, pixels, out := RBX, RCX, RDX, RSI, RDI
	rows, row, r, c, at := R8, R9, R10, R11, R12
	sum, w, wr := l.Vec(0), l.Vec(1), l.Vec(2)
	MOVQ(Arg(blendIn), in)
	MOVQ(Arg(blendColumns), columns)
	MOVQ(Arg(blendColumnWeights), weights)
	MOVQ(Arg(blendPixels), pixels)
	MOVQ(Arg(blendOut), out)
	MOVQ(Arg(blendRows), rows)
	rowWeights, columnCount := R13, R15
	MOVQ(Arg(blendRowWeights), rowWeights)
	MOVQ(Arg(blendColumnCount), columnCount)
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
		VFMADD231PS(l.Of(at, h), w[0], sum[h])
	}
	INCQ(c)
	CMPQ(c, columnCount)
	JB(LabelRef("column"))
	INCQ(r)
	CMPQ(r, Arg(blendRowCount))
	JB(LabelRef("row"))
	for h := range sum {
		VMOVUPS(sum[h], l.Of(out, h))
	}
	ADDQ(Imm(64), out)
	LEAQ(Mem{Base: columns, Index: columnCount, Scale: 8}, columns)
	LEAQ(Mem{Base: weights, Index: columnCount, Scale: 4}, weights)
	DECQ(pixels)
	JNZ(LabelRef("pixel"))
	VZEROUPPER()
	RET()
}

// Offsets of the fields of rows.MomentArgs.
const (
	momentIn = 8 * iota
	momentPixels
	momentCentre
	momentSum
	momentSquares
)

// momentsRow generates sum = Σ(x - centre) and squares = Σ(x - centre)².
func momentsRow(l Lanes) {
	Begin("momentsRow%d", 8*l.Bytes)
	in, pixels, at := RBX, RCX, RDX
	x, centre, sum, squares := l.Vec(0), l.Vec(1), l.Vec(2), l.Vec(3)
	MOVQ(Arg(momentIn), in)
	MOVQ(Arg(momentPixels), pixels)
	MOVQ(Arg(momentCentre), at)
	for h := range x {
		VMOVUPS(l.Of(at, h), centre[h])
		VXORPS(sum[h].AsX(), sum[h].AsX(), sum[h].AsX())
		VXORPS(squares[h].AsX(), squares[h].AsX(), squares[h].AsX())
	}
	Label("pixel")
	for h := range x {
		VMOVUPS(l.Of(in, h), x[h])
		VSUBPS(centre[h], x[h], x[h])
		VADDPS(x[h], sum[h], sum[h])
		VFMADD231PS(x[h], x[h], squares[h])
	}
	ADDQ(Imm(64), in)
	DECQ(pixels)
	JNZ(LabelRef("pixel"))
	for h := range x {
		MOVQ(Arg(momentSum), at)
		VMOVUPS(sum[h], l.Of(at, h))
		MOVQ(Arg(momentSquares), at)
		VMOVUPS(squares[h], l.Of(at, h))
	}
	VZEROUPPER()
	RET()
}
