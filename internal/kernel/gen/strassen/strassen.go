package strassen

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	. "github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
)

// Offsets of the fields of strassen.inputArgs.
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

// Offsets of the fields of strassen.outputArgs.
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
	Sevenfold
}

func (p positions) load(base, step int) {
	MOVQ(Arg(base), p.base)
	p.Sevenfold.Load(Arg(step))
}

func (p positions) at(i, disp int) Mem { return p.Sevenfold.At(p.base, i, disp) }

// Write generates the transforms of Strassen's algorithm for a run of
// pixels, of 16 channels each.
func Write(l Lanes) {
	input(l, false)
	input(l, true)
	output(l)
}

// input generates the sums of the quarters of A that the seven
// products take:
//
//	A00+A11, A10+A11, A00, A11, A00+A01, A10-A00, A01-A11
//
// Paired, A itself is a sum or a difference, of in and other: one that the
// products of the level above take.
func input(l Lanes, paired bool) {
	if paired {
		Begin("strassenInputPair%d", 8*l.Bytes)
	} else {
		Begin("strassenInput%d", 8*l.Bytes)
	}
	in := []GPPhysical{RBX, RCX, RDX, RSI}
	v := positions{RDI, Sevenfold{Step: R8, Step3: R9, Step5: R10}}
	at, ahead := R11, R12
	other := []GPPhysical{R12, R13, R14, R15}
	a, sum, sign := l.R[0:quarters], l.R[quarters:], l.R[quarters+5]
	for q := range in {
		MOVQ(Arg(strassenIn+8*q), in[q])
	}
	v.load(strassenV, strassenVStep)
	if paired {
		for q := range other {
			MOVQ(Arg(strassenOther+8*q), other[q])
		}
		VBROADCASTSS(Arg(strassenSign), sign)
	} else {
		MOVQ(Arg(strassenAhead), ahead)
	}
	XORQ(at, at)
	Label("pixel")
	for disp := 0; disp < 64; disp += l.Bytes {
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
		ADDQ(Arg(strassenStride), ahead)
	}
	ADDQ(Arg(strassenStride), at)
	ADDQ(Imm(64), v.base)
	CMPQ(at, Arg(strassenEnd))
	JB(LabelRef("pixel"))
	VZEROUPPER()
	RET()
}

// output generates act(C·scale + shift + residual) of the quarters of
// C, which are sums of the products:
//
//	C00 = M0+M3-M4+M6, C01 = M2+M4, C10 = M1+M3, C11 = M0-M1+M2+M5
func output(l Lanes) {
	Begin("strassenOutput%d", 8*l.Bytes)
	m := positions{RBX, Sevenfold{Step: RCX, Step3: RDX, Step5: RSI}}
	out := []GPPhysical{RDI, R8, R9, R10}
	at, pixels, residual := R11, R12, R13
	c, scaled := l.R[0:quarters], l.R[4]
	zero, slope := l.R[5], l.R[6]
	affine := l.R[7:] // scale and shift of the halves, for each vector of a block
	m.load(strassenM, strassenMStep)
	vectors := 64 / l.Bytes
	for i := range 2 * vectors {
		h, disp := i%2, i/2*l.Bytes
		MOVQ(Arg(strassenScale+8*h), at)
		VMOVUPS(Mem{Base: at, Disp: disp}, affine[2*i])
		MOVQ(Arg(strassenShift+8*h), at)
		VMOVUPS(Mem{Base: at, Disp: disp}, affine[2*i+1])
	}
	for q := range out {
		MOVQ(Arg(strassenOut+8*q), out[q])
	}
	VXORPS(zero.AsX(), zero.AsX(), zero.AsX())
	VBROADCASTSS(Arg(strassenSlope), slope)
	MOVQ(Arg(strassenMPixels), pixels)
	XORQ(at, at)
	Label("pixel")
	for i := range vectors {
		disp := i * l.Bytes
		label := func(name string) string { return fmt.Sprintf("%s%d", name, disp) }
		sums(m, disp, c, scaled)
		for q := range c {
			j := 2 * (2*i + q%2)
			VFMADD213PS(affine[j+1], affine[j], c[q])
		}
		MOVQ(Arg(strassenResidual), residual)
		TESTQ(residual, residual)
		JZ(LabelRef(label("activate")))
		for q := range c {
			if q > 0 {
				MOVQ(Arg(strassenResidual+8*q), residual)
			}
			VADDPS(Mem{Base: residual, Disp: disp, Index: at, Scale: 1}, c[q], c[q])
		}
		Label(label("activate"))
		Activation{
			Number: Arg(strassenAct), Values: c, Label: label,
			Zero: []VecPhysical{zero}, Slope: []VecPhysical{slope}, Scaled: []VecPhysical{scaled},
		}.Generate()
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

// sums adds the products up to the quarters of C.
func sums(m positions, disp int, c []VecPhysical, tmp VecPhysical) {
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
