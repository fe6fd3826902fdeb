package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// F(4x4, 4x4) at the points 0, ±1, ±2, 1/2 and infinity. Its input comes as
// planar rows, so that the transform has steps of its own: downwards in the
// rows as they are, then into pixels of 16 channels, then along the row.

// stemSize is the inputs of a tile in each direction.
const stemSize = 7

// Offsets of the fields of kernel.stemArgs.
const (
	stemIn = 8 * iota
	stemPitch
	stemOut
	stemStep
	stemCount
)

// stem generates the transforms.
type stem struct {
	lanes
	// Registers: a line of elements, its transform and constants.
	line, turned, constants []VecPhysical
}

func genStem(l lanes) {
	s := &stem{lanes: l, line: l.r[0:7], turned: l.r[7:13], constants: l.r[13:16]}
	s.columns()
	if l.bytes == 32 {
		genStemPixels() // AVX2 serves every tier
	}
	s.row()
	genStemProducts(l)
	s.output()
}

// load broadcasts numbers into the registers for constants. The function's name
// keeps those of different functions apart.
func (s *stem) load(function string, numbers ...int) {
	s.broadcast(fmt.Sprintf("%s%d", function, 8*s.bytes), s.constants, numbers)
}

// columns generates Bᵀ·d in place: count vectors of each of 7 rows.
func (s *stem) columns() {
	function("stemColumns%d", 8*s.bytes)
	in, count := RBX, RCX
	rows := sevenfold{R8, R9, R10}
	MOVQ(arg(stemIn), in)
	MOVQ(arg(stemCount), count)
	rows.load(arg(stemPitch))
	s.load("stemColumns", 2, 4, 5)
	Label("vector")
	for i, d := range s.line {
		VMOVUPS(rows.at(in, i, 0), d)
	}
	s.inputLine(func(i int, v VecPhysical) { VMOVUPS(v, rows.at(in, i, 0)) })
	ADDQ(Imm(uint64(s.bytes)), in)
	DECQ(count)
	JNZ(LabelRef("vector"))
	VZEROUPPER()
	RET()
}

// genStemPixels generates pixels of 16 channels, four at a time: two columns of
// each of 8 rows are a pixel.
func genStemPixels() {
	function("stemPixels256")
	in, out, count := RBX, RCX, RDX
	rows := sevenfold{R8, R9, R10}
	upper := R11 // the fifth row
	MOVQ(arg(stemIn), in)
	MOVQ(arg(stemOut), out)
	MOVQ(arg(stemCount), count)
	rows.load(arg(stemPitch))
	LEAQ(Mem{Base: in, Index: rows.step, Scale: 4}, upper)
	Label("pixels")
	for half, base := range []GPPhysical{in, upper} {
		for i := 0; i < 4; i++ {
			VMOVUPS(rows.at(base, i, 0), y[i])
		}
		// Pairs of columns move as one: squares of 4x4.
		for i := 0; i < 4; i += 2 {
			VUNPCKLPD(y[i+1], y[i], y[4+i])
			VUNPCKHPD(y[i+1], y[i], y[5+i])
		}
		for i := 0; i < 2; i++ {
			VPERM2F128(Imm(0x20), y[6+i], y[4+i], y[8+i])
			VPERM2F128(Imm(0x31), y[6+i], y[4+i], y[10+i])
		}
		for i := 0; i < 4; i++ {
			VMOVUPS(y[8+i], Mem{Base: out, Disp: 64*i + 32*half})
		}
	}
	ADDQ(Imm(32), in)
	ADDQ(Imm(32), upper)
	ADDQ(U32(256), out)
	DECQ(count)
	JNZ(LabelRef("pixels"))
	VZEROUPPER()
	RET()
}

// row generates (Bᵀ·d)·B for a row of positions of count tiles that begin
// four pixels apart.
func (s *stem) row() {
	function("stemRow%d", 8*s.bytes)
	in, out, count := RBX, RCX, RDX
	positions := sevenfold{R8, R9, R10}
	MOVQ(arg(stemIn), in)
	MOVQ(arg(stemOut), out)
	MOVQ(arg(stemCount), count)
	positions.load(arg(stemStep))
	s.load("stemRow", 2, 4, 5)
	Label("tile")
	for h := 0; h < s.halves(); h++ {
		for x, d := range s.line {
			VMOVUPS(Mem{Base: in, Disp: 64*x + h*s.bytes}, d)
		}
		s.inputLine(func(i int, v VecPhysical) { VMOVUPS(v, positions.at(out, i, h*s.bytes)) })
	}
	ADDQ(U32(256), in)
	ADDQ(Imm(64), out)
	DECQ(count)
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

// inputLine hands over the elements of t = Bᵀ·d, which are products of
// x-polynomials where xᵏ stands for dₖ:
//
//	e = x⁴ - 5x² + 4     t0 = (2x - 1)·e   t5 = x·e   t6 = x·(2x - 1)·e
//	u = x·(2x - 1)
//	w = (x² - 4)·u       t1 = (x + 1)·w    t2 = (x - 1)·w
//	z = (x² - 1)·u       t3 = (x + 2)·z    t4 = (x - 2)·z
func (s *stem) inputLine(store func(i int, v VecPhysical)) {
	d, a, b := s.line, s.turned[0], s.turned[1]
	two, four, five := s.constants[0], s.constants[1], s.constants[2]
	VMOVAPS(d[4], a)
	VFNMADD231PS(five, d[2], a)
	VFMADD231PS(four, d[0], a) // e
	VMOVAPS(d[5], b)
	VFNMADD231PS(five, d[3], b)
	VFMADD231PS(four, d[1], b) // x·e
	VFNMADD231PS(five, d[4], d[6])
	VFMADD231PS(four, d[2], d[6]) // x²·e
	store(5, b)
	VFMSUB231PS(two, b, a)
	store(0, a)
	VFMSUB213PS(b, two, d[6])
	store(6, d[6])

	for k := 5; k > 1; k-- {
		VFMSUB213PS(d[k-1], two, d[k]) // xᵏ⁻²·u
	}
	VMOVAPS(d[4], a)
	VFNMADD231PS(four, d[2], a) // w
	VMOVAPS(d[5], b)
	VFNMADD231PS(four, d[3], b) // x·w
	VADDPS(a, b, d[0])
	store(1, d[0])
	VSUBPS(a, b, b)
	store(2, b)

	VSUBPS(d[2], d[4], d[4]) // z
	VSUBPS(d[3], d[5], d[5]) // x·z
	VMOVAPS(d[5], a)
	VFMADD231PS(two, d[4], a)
	store(3, a)
	VFNMADD231PS(two, d[4], d[5])
	store(4, d[5])
}
