package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernel.winogradArgs.
const (
	winoIn = 8 * iota
	winoPitch
	winoPixel
	winoOut
	winoStep
	winoScratch
	winoScale
	winoShift
	winoResidual
	winoResidualPitch
	winoRows
	winoColumns
	winoAct
	winoSlope
)

// lanes are the registers and width that a transform works in: 16 channels at
// once in ZMM, 8 in YMM.
type lanes struct {
	bytes int
	r     []VecPhysical
}

var (
	lanes512 = lanes{64, z}
	lanes256 = lanes{32, y}
)

// constant broadcasts a number, as its bits: avo prints a whole F32 as an
// integer. The function's name keeps constants apart,
// which avo declares once for each use.
func (l lanes) constant(function string, x int, r VecPhysical) {
	VBROADCASTSS(ConstData(fmt.Sprintf("%s%dx%d", function, 8*l.bytes, x), U32(math.Float32bits(float32(x)))), r)
}

// winogradArguments loads what both transforms take.
func winogradArguments() (in, pitch, pixel, out, step, scratch GPPhysical) {
	in, pitch, pixel, out, step, scratch = RBX, RCX, RDX, RSI, RDI, R8
	MOVQ(arg(winoIn), in)
	MOVQ(arg(winoPitch), pitch)
	MOVQ(arg(winoPixel), pixel)
	MOVQ(arg(winoOut), out)
	MOVQ(arg(winoStep), step)
	MOVQ(arg(winoScratch), scratch)
	return in, pitch, pixel, out, step, scratch
}

// genWinogradInput generates V = Bᵀ·d·B for one tile of 6x6 pixels: the input
// transform of F(4x4, 3x3). Columns first, into scratch, then rows.
func genWinogradInput(l lanes) {
	function("winogradInput%d", 8*l.bytes)
	in, pitch, pixel, out, step, scratch := winogradArguments()
	two, four, five := l.r[13], l.r[14], l.r[15]
	l.constant("input", 2, two)
	l.constant("input", 4, four)
	l.constant("input", 5, five)
	d, t := l.r[0:6], l.r[6:12]
	row := R9
	for x := 0; x < 6; x++ {
		MOVQ(in, row)
		for y := 0; y < 6; y++ {
			VMOVUPS(Mem{Base: row}, d[y])
			if y < 5 {
				ADDQ(pitch, row)
			}
		}
		l.inputTransform(d, t, l.r[12], two, four, five)
		for y := 0; y < 6; y++ {
			VMOVUPS(t[y], Mem{Base: scratch, Disp: (y*6 + x) * l.bytes})
		}
		ADDQ(pixel, in)
	}
	for y := 0; y < 6; y++ {
		for x := 0; x < 6; x++ {
			VMOVUPS(Mem{Base: scratch, Disp: (y*6 + x) * l.bytes}, d[x])
		}
		l.inputTransform(d, t, l.r[12], two, four, five)
		for x := 0; x < 6; x++ {
			VMOVUPS(t[x], Mem{Base: out})
			ADDQ(step, out)
		}
	}
	VZEROUPPER()
	RET()
}

// inputTransform is t = Bᵀ·d in one dimension, with
//
//	t0 = 4d0 - 5d2 + d4
//	t1 = (d4 - 4d2) + (d3 - 4d1)
//	t2 = (d4 - 4d2) - (d3 - 4d1)
//	t3 = (d4 - d2) + 2(d3 - d1)
//	t4 = (d4 - d2) - 2(d3 - d1)
//	t5 = 4d1 - 5d3 + d5
func (l lanes) inputTransform(d, t []VecPhysical, tmp, two, four, five VecPhysical) {
	VMOVAPS(d[4], t[0])
	VFMADD231PS(four, d[0], t[0])
	VFNMADD231PS(five, d[2], t[0])

	VMOVAPS(d[5], t[5])
	VFMADD231PS(four, d[1], t[5])
	VFNMADD231PS(five, d[3], t[5])

	VMOVAPS(d[4], t[2])
	VFNMADD231PS(four, d[2], t[2]) // d4 - 4d2
	VMOVAPS(d[3], tmp)
	VFNMADD231PS(four, d[1], tmp) // d3 - 4d1
	VADDPS(tmp, t[2], t[1])
	VSUBPS(tmp, t[2], t[2])

	VSUBPS(d[2], d[4], t[4]) // d4 - d2
	VSUBPS(d[1], d[3], tmp)  // d3 - d1
	VMOVAPS(t[4], t[3])
	VFMADD231PS(two, tmp, t[3])
	VFNMADD231PS(two, tmp, t[4])
}

// genWinogradOutput generates act((Aᵀ·m·A)·scale + shift + residual) for one
// tile, stored for the rows and columns that lie inside the map.
func genWinogradOutput(l lanes) {
	function("winogradOutput%d", 8*l.bytes)
	in, pitch, pixel, out, step, scratch := winogradArguments()
	two, four, eight := l.r[13], l.r[14], l.r[15]
	l.constant("output", 2, two)
	l.constant("output", 4, four)
	l.constant("output", 8, eight)
	m, t := l.r[0:6], l.r[6:12]
	step6, at := R9, R10
	LEAQ(Mem{Base: step, Index: step, Scale: 2}, step6)
	ADDQ(step6, step6)
	for x := 0; x < 6; x++ {
		MOVQ(in, at)
		for y := 0; y < 6; y++ {
			VMOVUPS(Mem{Base: at}, m[y])
			if y < 5 {
				ADDQ(step6, at)
			}
		}
		l.outputTransform(m, t, two, four, eight)
		for y := 0; y < 4; y++ {
			VMOVUPS(t[y], Mem{Base: scratch, Disp: (y*6 + x) * l.bytes})
		}
		ADDQ(step, in)
	}
	l.outputRows(m, t, two, four, eight, pitch, pixel, out, scratch)
}

func (l lanes) outputRows(m, t []VecPhysical, two, four, eight VecPhysical, pitch, pixel, out, scratch GPPhysical) {
	rows, columns, residual, act, vec := R9, R10, R11, R12, RBX
	MOVQ(arg(winoRows), rows)
	MOVQ(arg(winoColumns), columns)
	MOVQ(arg(winoResidual), residual)
	MOVQ(arg(winoAct), act)
	Label("row")
	for x := 0; x < 6; x++ {
		VMOVUPS(Mem{Base: scratch, Disp: x * l.bytes}, m[x])
	}
	ADDQ(U32(uint32(6*l.bytes)), scratch)
	l.outputTransform(m, t, two, four, eight)
	scale, shift := m[4], m[5]
	MOVQ(arg(winoScale), vec)
	VMOVUPS(Mem{Base: vec}, scale)
	MOVQ(arg(winoShift), vec)
	VMOVUPS(Mem{Base: vec}, shift)
	for x := 0; x < 4; x++ {
		VFMADD213PS(shift, scale, t[x])
	}
	to := R13
	column := func(name string, x int, f func(x int)) {
		if x > 0 {
			CMPQ(columns, Imm(uint64(x)))
			JBE(LabelRef(name))
		}
		f(x)
	}
	TESTQ(residual, residual)
	JZ(LabelRef("activate"))
	MOVQ(residual, to)
	for x := 0; x < 4; x++ {
		column("added", x, func(x int) {
			VADDPS(Mem{Base: to}, t[x], t[x])
			ADDQ(pixel, to)
		})
	}
	Label("added")
	ADDQ(arg(winoResidualPitch), residual)
	Label("activate")
	CMPQ(act, Imm(1))
	JB(LabelRef("store"))
	JA(LabelRef("leaky"))
	VXORPS(m[0].AsX(), m[0].AsX(), m[0].AsX())
	for x := 0; x < 4; x++ {
		VMAXPS(t[x], m[0], t[x])
	}
	JMP(LabelRef("store"))
	Label("leaky")
	VBROADCASTSS(arg(winoSlope), m[0])
	for x := 0; x < 4; x++ {
		VMULPS(t[x], m[0], m[1])
		VMAXPS(t[x], m[1], t[x])
	}
	Label("store")
	MOVQ(out, to)
	for x := 0; x < 4; x++ {
		column("stored", x, func(x int) {
			VMOVUPS(t[x], Mem{Base: to})
			ADDQ(pixel, to)
		})
	}
	Label("stored")
	ADDQ(pitch, out)
	DECQ(rows)
	JNZ(LabelRef("row"))
	VZEROUPPER()
	RET()
}

// outputTransform is t = Aᵀ·m in one dimension, with
//
//	t0 = m0 + (m1 + m2) +  (m3 + m4)
//	t1 =      (m1 - m2) + 2(m3 - m4)
//	t2 =      (m1 + m2) + 4(m3 + m4)
//	t3 =      (m1 - m2) + 8(m3 - m4) + m5
func (l lanes) outputTransform(m, t []VecPhysical, two, four, eight VecPhysical) {
	VADDPS(m[2], m[1], t[2]) // m1 + m2
	VSUBPS(m[2], m[1], t[3]) // m1 - m2
	VADDPS(m[4], m[3], t[4]) // m3 + m4
	VSUBPS(m[4], m[3], t[5]) // m3 - m4
	VADDPS(m[0], t[2], t[0])
	VADDPS(t[4], t[0], t[0])
	VMOVAPS(t[3], t[1])
	VFMADD231PS(two, t[5], t[1])
	VFMADD231PS(four, t[4], t[2])
	VADDPS(m[5], t[3], t[3])
	VFMADD231PS(eight, t[5], t[3])
}
