package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernel.strassenInput.
const (
	strassenIn = 8 * iota // four: by half of the pixels, then of the channels
	_
	_
	_
	strassenStride
	strassenV
	strassenVStep
	strassenVPixels
	strassenAhead
)

// Offsets of the fields of kernel.strassenOutput.
const (
	strassenM = 8 * iota
	strassenMStep
	strassenOut // four
	_
	_
	_
	strassenResidual // four
	_
	_
	_
	strassenScale // two: by half of the channels
	_
	strassenShift // two
	_
	strassenMPixels
	strassenAct
	strassenSlope
)

// quarters is the order of the four.
const quarters = 4

// positions addresses the elements of one item at Strassen's seven positions.
type positions struct{ base, step, step3, step5 GPPhysical }

func (p positions) load(base, step int) {
	MOVQ(arg(base), p.base)
	MOVQ(arg(step), p.step)
	LEAQ(Mem{Base: p.step, Index: p.step, Scale: 2}, p.step3)
	LEAQ(Mem{Base: p.step, Index: p.step, Scale: 4}, p.step5)
}

func (p positions) at(i int) Mem {
	m := Mem{Base: p.base}
	switch i {
	case 1:
		m.Index, m.Scale = p.step, 1
	case 2:
		m.Index, m.Scale = p.step, 2
	case 3:
		m.Index, m.Scale = p.step3, 1
	case 4:
		m.Index, m.Scale = p.step, 4
	case 5:
		m.Index, m.Scale = p.step5, 1
	case 6:
		m.Index, m.Scale = p.step3, 2
	}
	return m
}

// genStrassen generates the transforms of Strassen's algorithm for pairs of
// pixels. Each call handles as many channels as a register holds.
func genStrassen(l lanes) {
	l.strassenInput()
	l.strassenOutput()
}

// strassenInput generates the sums of the quarters of A that the seven
// products take:
//
//	A00+A11, A10+A11, A00, A11, A00+A01, A10-A00, A01-A11
func (l lanes) strassenInput() {
	function("strassenInput%d", 8*l.bytes)
	in := []GPPhysical{RBX, RCX, RDX, RSI}
	v := positions{RDI, R8, R9, R10}
	stride, pixels, ahead := R11, R12, R13
	for q := range in {
		MOVQ(arg(strassenIn+8*q), in[q])
	}
	v.load(strassenV, strassenVStep)
	MOVQ(arg(strassenStride), stride)
	MOVQ(arg(strassenVPixels), pixels)
	MOVQ(arg(strassenAhead), ahead)
	a, sum := l.r[0:quarters], l.r[quarters:]
	Label("pixel")
	for q := range in {
		VMOVUPS(Mem{Base: in[q]}, a[q])
		PREFETCHT0(Mem{Base: in[q], Index: ahead, Scale: 1})
		ADDQ(stride, in[q])
	}
	VADDPS(a[3], a[0], sum[0])
	VADDPS(a[3], a[2], sum[1])
	VADDPS(a[1], a[0], sum[2])
	VSUBPS(a[0], a[2], sum[3])
	VSUBPS(a[3], a[1], sum[4])
	for i, r := range []VecPhysical{sum[0], sum[1], a[0], a[3], sum[2], sum[3], sum[4]} {
		VMOVUPS(r, v.at(i))
	}
	ADDQ(Imm(64), v.base)
	DECQ(pixels)
	JNZ(LabelRef("pixel"))
	VZEROUPPER()
	RET()
}

// strassenOutput generates act(C·scale + shift + residual) of the quarters of
// C, which are sums of the products:
//
//	C00 = M0+M3-M4+M6, C01 = M2+M4, C10 = M1+M3, C11 = M0-M1+M2+M5
func (l lanes) strassenOutput() {
	function("strassenOutput%d", 8*l.bytes)
	m := positions{RBX, RCX, RDX, RSI}
	out := []GPPhysical{RDI, R8, R9, R10}
	at, pixels, residual := R11, R12, R13
	c := l.r[0:quarters]
	scale, shift := l.r[4:6], l.r[6:8]
	zero, slope, scaled := l.r[8], l.r[9], l.r[10]
	m.load(strassenM, strassenMStep)
	for h := range 2 {
		MOVQ(arg(strassenScale+8*h), at)
		VMOVUPS(Mem{Base: at}, scale[h])
		MOVQ(arg(strassenShift+8*h), at)
		VMOVUPS(Mem{Base: at}, shift[h])
	}
	for q := range out {
		MOVQ(arg(strassenOut+8*q), out[q])
	}
	VXORPS(zero.AsX(), zero.AsX(), zero.AsX())
	VBROADCASTSS(arg(strassenSlope), slope)
	MOVQ(arg(strassenMPixels), pixels)
	XORQ(at, at)
	Label("pixel")
	VMOVUPS(m.at(0), c[0])
	VMOVUPS(m.at(2), c[1])
	VMOVUPS(m.at(1), c[2])
	VSUBPS(c[2], c[0], c[3])    // M0 - M1
	VADDPS(c[1], c[3], c[3])    // + M2
	VADDPS(m.at(5), c[3], c[3]) // + M5
	VMOVUPS(m.at(3), scaled)    // M3
	VADDPS(scaled, c[0], c[0])  // M0 + M3
	VADDPS(scaled, c[2], c[2])  // M1 + M3
	VMOVUPS(m.at(4), scaled)    // M4
	VSUBPS(scaled, c[0], c[0])  // M0 + M3 - M4
	VADDPS(scaled, c[1], c[1])  // M2 + M4
	VADDPS(m.at(6), c[0], c[0]) // M0 + M3 - M4 + M6
	for q := range c {
		VFMADD213PS(shift[q%2], scale[q%2], c[q])
	}
	MOVQ(arg(strassenResidual), residual)
	TESTQ(residual, residual)
	JZ(LabelRef("activate"))
	for q := range c {
		if q > 0 {
			MOVQ(arg(strassenResidual+8*q), residual)
		}
		VADDPS(Mem{Base: residual, Index: at, Scale: 1}, c[q], c[q])
	}
	Label("activate")
	CMPQ(arg(strassenAct), Imm(1))
	JB(LabelRef("store"))
	JA(LabelRef("leaky"))
	for q := range c {
		VMAXPS(c[q], zero, c[q])
	}
	JMP(LabelRef("store"))
	Label("leaky")
	for q := range c {
		VMULPS(c[q], slope, scaled)
		VMAXPS(c[q], scaled, c[q])
	}
	Label("store")
	for q := range c {
		VMOVUPS(c[q], Mem{Base: out[q], Index: at, Scale: 1})
	}
	ADDQ(Imm(64), m.base)
	ADDQ(Imm(64), at)
	DECQ(pixels)
	JNZ(LabelRef("pixel"))
	VZEROUPPER()
	RET()
}
