package stem

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	. "github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
)

// Offsets of the fields of stem.outputArgs.
const (
	stemOutputIn = 8 * iota
	stemOutputStep
	stemOutputOut
	stemOutputPitch
	stemOutputResidual
	stemOutputResidualPitch
	stemOutputScratch
	stemOutputAffine
	stemOutputAct
	stemOutputSlope
	stemOutputRows
	stemOutputColumns
	stemOutputCount
)

// stemOutputs is the outputs of a tile in each direction.
const stemOutputs = 4

// Registers of the output's transform.
var (
	stemM        = RBX // the tile's first position
	stemTo       = RCX
	stemAdd      = RDX // the residual
	stemAffine   = RSI
	stemScratch  = RDI
	stemRowsLeft = R11
)

// output generates act((Aᵀ·m·A)·scale + shift + residual) for count tiles that
// lie side by side, stored for the rows and columns that lie inside the map.
func (s *stem) output() {
	Begin("stemOutput%d", 8*s.Bytes)
	rows, count := Sevenfold{Step: R8, Step3: R9, Step5: R10}, R15
	MOVQ(Arg(stemOutputIn), stemM)
	MOVQ(Arg(stemOutputOut), stemTo)
	MOVQ(Arg(stemOutputResidual), stemAdd)
	MOVQ(Arg(stemOutputAffine), stemAffine)
	MOVQ(Arg(stemOutputScratch), stemScratch)
	MOVQ(Arg(stemOutputCount), count)
	rows.Load(Arg(stemOutputStep))
	IMUL3Q(Imm(stemSize), rows.Step, rows.Step) // from row to row of positions
	rows.Multiples()
	s.load("stemOutput", 2, 4, 8)
	Label("tile")
	for h := 0; h < s.Halves(); h++ {
		s.outputColumns(rows, h)
		s.outputRows(h)
	}
	ADDQ(Imm(64), stemM)
	ADDQ(U32(64*stemOutputs), stemTo)
	TESTQ(stemAdd, stemAdd)
	JZ(LabelRef("advanced"))
	ADDQ(U32(64*stemOutputs), stemAdd)
	Label("advanced")
	DECQ(count)
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

// outputColumns generates Aᵀ·m into the scratch, for one half of the channels.
func (s *stem) outputColumns(rows Sevenfold, h int) {
	at := R12
	MOVQ(stemM, at)
	for x := 0; x < stemSize; x++ {
		for y, m := range s.line {
			VMOVUPS(rows.At(at, y, h*s.Bytes), m)
		}
		if x < stemSize-1 {
			ADDQ(Arg(stemOutputStep), at)
		}
		s.outputLine()
		for y, t := range s.turned[:stemOutputs] {
			VMOVUPS(t, Mem{Base: stemScratch, Disp: (y*stemSize + x) * s.Bytes})
		}
	}
}

// outputRows generates the rest, a row at a time.
func (s *stem) outputRows(h int) {
	label := func(name string) string { return fmt.Sprintf("%s%d", name, h) }
	from, to, add := R12, R13, R14
	t, scale := s.turned[:stemOutputs], s.line[0]
	MOVQ(stemScratch, from)
	MOVQ(stemTo, to)
	MOVQ(stemAdd, add)
	MOVQ(Arg(stemOutputRows), stemRowsLeft)
	Label(label("row"))
	for x, m := range s.line {
		VMOVUPS(Mem{Base: from, Disp: x * s.Bytes}, m)
	}
	ADDQ(U32(uint32(stemSize*s.Bytes)), from)
	s.outputLine()
	VMOVUPS(s.Of(stemAffine, h), scale)
	for _, v := range t {
		VFMADD213PS(Mem{Base: stemAffine, Disp: 64 + h*s.Bytes}, scale, v)
	}
	TESTQ(stemAdd, stemAdd)
	JZ(LabelRef(label("activate")))
	s.inside(label("added"), func(x int) { VADDPS(Mem{Base: add, Disp: 64*x + h*s.Bytes}, t[x], t[x]) })
	ADDQ(Arg(stemOutputResidualPitch), add)
	Label(label("activate"))
	s.activate(label)
	s.inside(label("stored"), func(x int) { VMOVUPS(t[x], Mem{Base: to, Disp: 64*x + h*s.Bytes}) })
	ADDQ(Arg(stemOutputPitch), to)
	DECQ(stemRowsLeft)
	JNZ(LabelRef(label("row")))
}

// inside handles the columns that lie inside the map.
func (s *stem) inside(done string, f func(x int)) {
	for x := 0; x < stemOutputs; x++ {
		if x > 0 {
			CMPQ(Arg(stemOutputColumns), Imm(uint64(x)))
			JBE(LabelRef(done))
		}
		f(x)
	}
	Label(done)
}

// activate applies the activation function to a row.
func (s *stem) activate(label func(string) string) {
	factor := s.line[:1]
	Activation{
		Number: Arg(stemOutputAct), Values: s.turned[:stemOutputs], Zero: factor, Slope: factor, Scaled: s.line[1:2], Label: label,
		SetZero:  func() { VXORPS(factor[0].AsX(), factor[0].AsX(), factor[0].AsX()) },
		SetSlope: func() { VBROADCASTSS(Arg(stemOutputSlope), factor[0]) },
	}.Generate()
}

// outputLine is t = Aᵀ·m of F(4, 4), eightfold at 1/2:
//
//	t0 = m0 + (m1 + m2) +  (m3 + m4) + 8m5
//	t1 =      (m1 - m2) + 2(m3 - m4) + 4m5
//	t2 =      (m1 + m2) + 4(m3 + m4) + 2m5
//	t3 =      (m1 - m2) + 8(m3 - m4) +  m5 + m6
func (s *stem) outputLine() {
	m, t := s.line, s.turned
	two, four, eight := s.constants[0], s.constants[1], s.constants[2]
	VADDPS(m[2], m[1], t[2])
	VSUBPS(m[2], m[1], t[1])
	VADDPS(m[4], m[3], t[4])
	VSUBPS(m[4], m[3], t[5])
	VADDPS(m[0], t[2], t[0])
	VADDPS(t[4], t[0], t[0])
	VFMADD231PS(eight, m[5], t[0])
	VADDPS(m[6], m[5], t[3])
	VADDPS(t[1], t[3], t[3])
	VFMADD231PS(eight, t[5], t[3])
	VFMADD231PS(two, t[5], t[1])
	VFMADD231PS(four, m[5], t[1])
	VFMADD231PS(four, t[4], t[2])
	VFMADD231PS(two, m[5], t[2])
}
