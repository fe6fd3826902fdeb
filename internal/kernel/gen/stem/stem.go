package stem

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	. "github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
)

// F(4x4, 4x4) at the points 0, ±1, ±2, 1/2 and infinity. Its input comes as
// planar rows, so that the transform has steps of its own: downwards in the
// rows as they are, then into pixels of 16 channels, then along the row.

// stemSize is the inputs of a tile in each direction.
const stemSize = 7

// Offsets of the fields of stem.inputArgs.
const (
	stemIn = 8 * iota
	stemPitch
	stemOut
	stemStep
	stemCount
)

// stem generates the transforms.
type stem struct {
	Lanes
	// Registers: a line of elements, its transform and constants.
	line, turned, constants []VecPhysical
}

// Write generates the transforms and the products.
func Write(l Lanes) {
	s := &stem{Lanes: l, line: l.R[0:7], turned: l.R[7:13], constants: l.R[13:16]}
	s.columns()
	if l.Bytes == 32 {
		pixels() // AVX2 serves every tier
	}
	s.row()
	products(l)
	s.output()
}

// load broadcasts numbers into the registers for constants. The function's name
// keeps those of different functions apart.
func (s *stem) load(function string, numbers ...int) {
	s.Broadcast(fmt.Sprintf("%s%d", function, 8*s.Bytes), s.constants, numbers)
}

// columns generates Bᵀ·d in place: count vectors of each of 7 rows.
func (s *stem) columns() {
	Begin("stemColumns%d", 8*s.Bytes)
	in, count := RBX, RCX
	rows := Sevenfold{Step: R8, Step3: R9, Step5: R10}
	MOVQ(Arg(stemIn), in)
	MOVQ(Arg(stemCount), count)
	rows.Load(Arg(stemPitch))
	s.load("stemColumns", 2, 4, 5)
	Label("vector")
	for i, d := range s.line {
		VMOVUPS(rows.At(in, i, 0), d)
	}
	s.inputLine(func(i int, v VecPhysical) { VMOVUPS(v, rows.At(in, i, 0)) })
	ADDQ(Imm(uint64(s.Bytes)), in)
	DECQ(count)
	JNZ(LabelRef("vector"))
	VZEROUPPER()
	RET()
}

// pixels generates pixels of 16 channels, four at a time: two columns of
// each of 8 rows are a pixel.
func pixels() {
	Begin("stemPixels256")
	in, out, count := RBX, RCX, RDX
	rows := Sevenfold{Step: R8, Step3: R9, Step5: R10}
	upper := R11 // the fifth row
	MOVQ(Arg(stemIn), in)
	MOVQ(Arg(stemOut), out)
	MOVQ(Arg(stemCount), count)
	rows.Load(Arg(stemPitch))
	LEAQ(Mem{Base: in, Index: rows.Step, Scale: 4}, upper)
	Label("pixels")
	for half, base := range []GPPhysical{in, upper} {
		for i := 0; i < 4; i++ {
			VMOVUPS(rows.At(base, i, 0), YMMs[i])
		}
		// Pairs of columns move as one: squares of 4x4.
		for i := 0; i < 4; i += 2 {
			VUNPCKLPD(YMMs[i+1], YMMs[i], YMMs[4+i])
			VUNPCKHPD(YMMs[i+1], YMMs[i], YMMs[5+i])
		}
		for i := 0; i < 2; i++ {
			VPERM2F128(Imm(0x20), YMMs[6+i], YMMs[4+i], YMMs[8+i])
			VPERM2F128(Imm(0x31), YMMs[6+i], YMMs[4+i], YMMs[10+i])
		}
		for i := 0; i < 4; i++ {
			VMOVUPS(YMMs[8+i], Mem{Base: out, Disp: 64*i + 32*half})
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
	Begin("stemRow%d", 8*s.Bytes)
	in, out, count := RBX, RCX, RDX
	positions := Sevenfold{Step: R8, Step3: R9, Step5: R10}
	MOVQ(Arg(stemIn), in)
	MOVQ(Arg(stemOut), out)
	MOVQ(Arg(stemCount), count)
	positions.Load(Arg(stemStep))
	s.load("stemRow", 2, 4, 5)
	Label("tile")
	for h := 0; h < s.Halves(); h++ {
		for x, d := range s.line {
			VMOVUPS(Mem{Base: in, Disp: 64*x + h*s.Bytes}, d)
		}
		s.inputLine(func(i int, v VecPhysical) { VMOVUPS(v, positions.At(out, i, h*s.Bytes)) })
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
