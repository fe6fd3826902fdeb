package main

import (
	"fmt"

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
	strassenOther // four
	_
	_
	_
	strassenSign
	strassenStride
	strassenEnd
	strassenV
	strassenVStep
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
type positions struct {
	base GPPhysical
	sevenfold
}

func (p positions) load(base, step int) {
	MOVQ(arg(base), p.base)
	p.sevenfold.load(arg(step))
}

func (p positions) at(i, disp int) Mem { return p.sevenfold.at(p.base, i, disp) }

// genStrassen generates the transforms of Strassen's algorithm for a run of
// pixels, of 16 channels each.
func genStrassen(l lanes) {
	l.strassenInput(false)
	l.strassenInput(true)
	l.strassenOutput()
}

// strassenInput generates the sums of the quarters of A that the seven
// products take:
//
//	A00+A11, A10+A11, A00, A11, A00+A01, A10-A00, A01-A11
//
// Paired, A itself is a sum or a difference, of in and other: one that the
// products of the level above take.
func (l lanes) strassenInput(paired bool) {
	if paired {
		function("strassenInputPair%d", 8*l.bytes)
	} else {
		function("strassenInput%d", 8*l.bytes)
	}
	in := []GPPhysical{RBX, RCX, RDX, RSI}
	v := positions{RDI, sevenfold{R8, R9, R10}}
	at, ahead := R11, R12
	other := []GPPhysical{R12, R13, R14, R15}
	a, sum, sign := l.r[0:quarters], l.r[quarters:], l.r[quarters+5]
	for q := range in {
		MOVQ(arg(strassenIn+8*q), in[q])
	}
	v.load(strassenV, strassenVStep)
	if paired {
		for q := range other {
			MOVQ(arg(strassenOther+8*q), other[q])
		}
		VBROADCASTSS(arg(strassenSign), sign)
	} else {
		MOVQ(arg(strassenAhead), ahead)
	}
	XORQ(at, at)
	Label("pixel")
	for disp := 0; disp < 64; disp += l.bytes {
		for q := range in {
			VMOVUPS(Mem{Base: in[q], Disp: disp, Index: at, Scale: 1}, a[q])
			switch {
			case paired:
				VFMADD231PS(Mem{Base: other[q], Disp: disp, Index: at, Scale: 1}, sign, a[q])
			case disp == 0:
				PREFETCHT0(Mem{Base: in[q], Index: ahead, Scale: 1})
			}
		}
		VADDPS(a[3], a[0], sum[0])
		VADDPS(a[3], a[2], sum[1])
		VADDPS(a[1], a[0], sum[2])
		VSUBPS(a[0], a[2], sum[3])
		VSUBPS(a[3], a[1], sum[4])
		for i, r := range []VecPhysical{sum[0], sum[1], a[0], a[3], sum[2], sum[3], sum[4]} {
			VMOVUPS(r, v.at(i, disp))
		}
	}
	if !paired {
		ADDQ(arg(strassenStride), ahead)
	}
	ADDQ(arg(strassenStride), at)
	ADDQ(Imm(64), v.base)
	CMPQ(at, arg(strassenEnd))
	JB(LabelRef("pixel"))
	VZEROUPPER()
	RET()
}

// strassenOutput generates act(C·scale + shift + residual) of the quarters of
// C, which are sums of the products:
//
//	C00 = M0+M3-M4+M6, C01 = M2+M4, C10 = M1+M3, C11 = M0-M1+M2+M5
func (l lanes) strassenOutput() {
	function("strassenOutput%d", 8*l.bytes)
	m := positions{RBX, sevenfold{RCX, RDX, RSI}}
	out := []GPPhysical{RDI, R8, R9, R10}
	at, pixels, residual := R11, R12, R13
	c, scaled := l.r[0:quarters], l.r[4]
	zero, slope := l.r[5], l.r[6]
	affine := l.r[7:] // scale and shift of the halves, for each vector of a block
	m.load(strassenM, strassenMStep)
	vectors := 64 / l.bytes
	for i := range 2 * vectors {
		h, disp := i%2, i/2*l.bytes
		MOVQ(arg(strassenScale+8*h), at)
		VMOVUPS(Mem{Base: at, Disp: disp}, affine[2*i])
		MOVQ(arg(strassenShift+8*h), at)
		VMOVUPS(Mem{Base: at, Disp: disp}, affine[2*i+1])
	}
	for q := range out {
		MOVQ(arg(strassenOut+8*q), out[q])
	}
	VXORPS(zero.AsX(), zero.AsX(), zero.AsX())
	VBROADCASTSS(arg(strassenSlope), slope)
	MOVQ(arg(strassenMPixels), pixels)
	XORQ(at, at)
	Label("pixel")
	for i := range vectors {
		disp := i * l.bytes
		label := func(name string) string { return fmt.Sprintf("%s%d", name, disp) }
		l.strassenSums(m, disp, c, scaled)
		for q := range c {
			j := 2 * (2*i + q%2)
			VFMADD213PS(affine[j+1], affine[j], c[q])
		}
		MOVQ(arg(strassenResidual), residual)
		TESTQ(residual, residual)
		JZ(LabelRef(label("activate")))
		for q := range c {
			if q > 0 {
				MOVQ(arg(strassenResidual+8*q), residual)
			}
			VADDPS(Mem{Base: residual, Disp: disp, Index: at, Scale: 1}, c[q], c[q])
		}
		Label(label("activate"))
		CMPQ(arg(strassenAct), Imm(1))
		JB(LabelRef(label("store")))
		JA(LabelRef(label("leaky")))
		for q := range c {
			VMAXPS(c[q], zero, c[q])
		}
		JMP(LabelRef(label("store")))
		Label(label("leaky"))
		for q := range c {
			VMULPS(c[q], slope, scaled)
			VMAXPS(c[q], scaled, c[q])
		}
		Label(label("store"))
		for q := range c {
			VMOVUPS(c[q], Mem{Base: out[q], Disp: disp, Index: at, Scale: 1})
		}
	}
	ADDQ(Imm(64), m.base)
	ADDQ(Imm(64), at)
	DECQ(pixels)
	JNZ(LabelRef("pixel"))
	VZEROUPPER()
	RET()
}

// strassenSums adds the products up to the quarters of C.
func (l lanes) strassenSums(m positions, disp int, c []VecPhysical, tmp VecPhysical) {
	VMOVUPS(m.at(0, disp), c[0])
	VMOVUPS(m.at(2, disp), c[1])
	VMOVUPS(m.at(1, disp), c[2])
	VSUBPS(c[2], c[0], c[3])          // M0 - M1
	VADDPS(c[1], c[3], c[3])          // + M2
	VADDPS(m.at(5, disp), c[3], c[3]) // + M5
	VMOVUPS(m.at(3, disp), tmp)       // M3
	VADDPS(tmp, c[0], c[0])           // M0 + M3
	VADDPS(tmp, c[2], c[2])           // M1 + M3
	VMOVUPS(m.at(4, disp), tmp)       // M4
	VSUBPS(tmp, c[0], c[0])           // M0 + M3 - M4
	VADDPS(tmp, c[1], c[1])           // M2 + M4
	VADDPS(m.at(6, disp), c[0], c[0]) // M0 + M3 - M4 + M6
}
