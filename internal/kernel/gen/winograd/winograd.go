package winograd

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	. "github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
)

// Offsets of the fields of winograd.args.
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
	winoAhead
)

// winograd generates the transforms of F(outputs x outputs, 3x3), whose tiles
// have size x size inputs.
type winograd struct {
	Lanes
	outputs, size int
	// Registers: a line of up to 6 elements, its transform, one to spare and
	// constants.
	line, turned []VecPhysical
	spare        VecPhysical
	constants    []VecPhysical
	numbers      map[string]Mem // those that matrix has declared
}

// Write generates the transforms of all tiles.
func Write(l Lanes) {
	for _, outputs := range []int{4, 2, 6, 3} {
		w := &winograd{Lanes: l, outputs: outputs, size: outputs + 2,
			line: l.R[0:6], turned: l.R[6:12], spare: l.R[12], constants: l.R[13:16]}
		if outputs == 6 || outputs == 3 {
			w.line, w.turned, w.spare = l.R[0:8], l.R[8:14], l.R[15]
		}
		w.input()
		w.output()
	}
}

// load broadcasts numbers into the registers for constants. The function's name
// keeps them apart, which avo declares once for each use.
func (w *winograd) load(function string, numbers ...int) {
	w.Broadcast(fmt.Sprintf("%s%d%d", function, w.outputs, 8*w.Bytes), w.constants, numbers)
}

// winogradArguments loads what both transforms take.
func winogradArguments() (in, pitch, pixel, out, step, scratch GPPhysical) {
	in, pitch, pixel, out, step, scratch = RBX, RCX, RDX, RSI, RDI, R8
	MOVQ(Arg(winoIn), in)
	MOVQ(Arg(winoPitch), pitch)
	MOVQ(Arg(winoPixel), pixel)
	MOVQ(Arg(winoOut), out)
	MOVQ(Arg(winoStep), step)
	MOVQ(Arg(winoScratch), scratch)
	return in, pitch, pixel, out, step, scratch
}

// at is an element of the scratch, which holds rows of the tile's size.
func (w *winograd) at(scratch GPPhysical, y, x int) Mem {
	return Mem{Base: scratch, Disp: (y*w.size + x) * w.Bytes}
}

// input generates V = Bᵀ·d·B for one tile: columns first, into scratch, then
// rows.
func (w *winograd) input() {
	Begin("winograd%dInput%d", w.outputs, 8*w.Bytes)
	in, pitch, pixel, out, step, scratch := winogradArguments()
	if w.outputs == 4 {
		w.load("input", 2, 4, 5)
	}
	row, ahead := R9, R10
	MOVQ(Arg(winoAhead), ahead)
	for x := 0; x < w.size; x++ {
		MOVQ(in, row)
		for y := 0; y < w.size; y++ {
			VMOVUPS(Mem{Base: row}, w.line[y])
			if y%(64/w.Bytes) == 0 {
				PREFETCHT0(Mem{Base: row, Index: ahead, Scale: 1})
			}
			if y < w.size-1 {
				ADDQ(pitch, row)
			}
		}
		w.inputLine(func(y int, v VecPhysical) { VMOVUPS(v, w.at(scratch, y, x)) })
		ADDQ(pixel, in)
	}
	for y := 0; y < w.size; y++ {
		for x := 0; x < w.size; x++ {
			VMOVUPS(w.at(scratch, y, x), w.line[x])
		}
		w.inputLine(func(_ int, v VecPhysical) {
			VMOVUPS(v, Mem{Base: out})
			ADDQ(step, out)
		})
	}
	VZEROUPPER()
	RET()
}

// inputLine hands over the elements of Bᵀ·d one after the other.
func (w *winograd) inputLine(store func(i int, v VecPhysical)) {
	switch w.outputs {
	case 4:
		w.inputLine4()
	case 2:
		w.inputLine2()
	case 6:
		w.matrix("input", winogradB6, func(int) VecPhysical { return w.turned[0] }, store)
		return
	case 3:
		w.matrix("input", winogradB3, func(int) VecPhysical { return w.turned[0] }, store)
		return
	}
	for i := 0; i < w.size; i++ {
		store(i, w.turned[i])
	}
}

// matrix multiplies a line with a matrix, row by row. into chooses the
// register of each element.
func (w *winograd) matrix(function string, m [][]float64, into func(i int) VecPhysical, store func(i int, v VecPhysical)) {
	for i, row := range m {
		sum, begun := into(i), false
		for j, x := range row {
			switch {
			case x == 0:
				continue
			case !begun && x == 1:
				VMOVAPS(w.line[j], sum)
			case !begun:
				w.number(function, x)
				VMULPS(w.line[j], w.spare, sum)
			case x == 1:
				VADDPS(w.line[j], sum, sum)
			case x == -1:
				VSUBPS(w.line[j], sum, sum)
			default:
				w.number(function, x)
				VFMADD231PS(w.spare, w.line[j], sum)
			}
			begun = true
		}
		if store != nil {
			store(i, sum)
		}
	}
}

// number broadcasts a number into the spare register. A function declares each
// once.
func (w *winograd) number(function string, x float64) {
	name := fmt.Sprintf("%s%d%d_%08x", function, w.outputs, 8*w.Bytes, math.Float32bits(float32(x)))
	data, ok := w.numbers[name]
	if !ok {
		data = ConstData(name, U32(math.Float32bits(float32(x))))
		if w.numbers == nil {
			w.numbers = map[string]Mem{}
		}
		w.numbers[name] = data
	}
	VBROADCASTSS(data, w.spare)
}

// inputLine4 is t = Bᵀ·d of F(4, 3):
//
//	t0 = 4d0 - 5d2 + d4
//	t1 = (d4 - 4d2) + (d3 - 4d1)
//	t2 = (d4 - 4d2) - (d3 - 4d1)
//	t3 = (d4 - d2) + 2(d3 - d1)
//	t4 = (d4 - d2) - 2(d3 - d1)
//	t5 = 4d1 - 5d3 + d5
func (w *winograd) inputLine4() {
	d, t, tmp := w.line, w.turned, w.spare
	two, four, five := w.constants[0], w.constants[1], w.constants[2]
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

// inputLine2 is t = Bᵀ·d of F(2, 3):
//
//	t0 = d0 - d2
//	t1 = d1 + d2
//	t2 = d2 - d1
//	t3 = d1 - d3
func (w *winograd) inputLine2() {
	d, t := w.line, w.turned
	VSUBPS(d[2], d[0], t[0])
	VADDPS(d[2], d[1], t[1])
	VSUBPS(d[1], d[2], t[2])
	VSUBPS(d[3], d[1], t[3])
}

// output generates act((Aᵀ·m·A)·scale + shift + residual) for one tile, stored
// for the rows and columns that lie inside the map.
func (w *winograd) output() {
	Begin("winograd%dOutput%d", w.outputs, 8*w.Bytes)
	in, pitch, pixel, out, step, scratch := winogradArguments()
	turn := w.outputLine2
	into := func(i int) VecPhysical { return w.turned[i] }
	switch w.outputs {
	case 4:
		w.load("output", 2, 4, 8)
		turn = w.outputLine4
	case 6:
		turn = func() { w.matrix("output", winogradA6, into, nil) }
	case 3:
		turn = func() { w.matrix("output", winogradA3, into, nil) }
	}
	row, at := R9, R10 // bytes from row to row of positions
	IMUL3Q(Imm(uint64(w.size)), step, row)
	for x := 0; x < w.size; x++ {
		MOVQ(in, at)
		for y := 0; y < w.size; y++ {
			VMOVUPS(Mem{Base: at}, w.line[y])
			if y < w.size-1 {
				ADDQ(row, at)
			}
		}
		turn()
		for y := 0; y < w.outputs; y++ {
			VMOVUPS(w.turned[y], w.at(scratch, y, x))
		}
		ADDQ(step, in)
	}
	w.outputRows(turn, pitch, pixel, out, scratch)
}

func (w *winograd) outputRows(turn func(), pitch, pixel, out, scratch GPPhysical) {
	rows, columns, residual, act, vec := R9, R10, R11, R12, RBX
	m, t := w.line, w.turned
	MOVQ(Arg(winoRows), rows)
	MOVQ(Arg(winoColumns), columns)
	MOVQ(Arg(winoResidual), residual)
	MOVQ(Arg(winoAct), act)
	Label("row")
	for x := 0; x < w.size; x++ {
		VMOVUPS(w.at(scratch, 0, x), m[x])
	}
	ADDQ(U32(uint32(w.size*w.Bytes)), scratch)
	turn()
	scale, shift := m[4], m[5]
	MOVQ(Arg(winoScale), vec)
	VMOVUPS(Mem{Base: vec}, scale)
	MOVQ(Arg(winoShift), vec)
	VMOVUPS(Mem{Base: vec}, shift)
	for x := 0; x < w.outputs; x++ {
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
	for x := 0; x < w.outputs; x++ {
		column("added", x, func(x int) {
			VADDPS(Mem{Base: to}, t[x], t[x])
			ADDQ(pixel, to)
		})
	}
	Label("added")
	ADDQ(Arg(winoResidualPitch), residual)
	Label("activate")
	factor := m[:1]
	Activation{
		Number: act, Values: t[:w.outputs], Zero: factor, Slope: factor, Scaled: m[1:2],
		SetZero:  func() { VXORPS(factor[0].AsX(), factor[0].AsX(), factor[0].AsX()) },
		SetSlope: func() { VBROADCASTSS(Arg(winoSlope), factor[0]) },
	}.Generate()
	MOVQ(out, to)
	for x := 0; x < w.outputs; x++ {
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

// outputLine4 is t = Aᵀ·m of F(4, 3):
//
//	t0 = m0 + (m1 + m2) +  (m3 + m4)
//	t1 =      (m1 - m2) + 2(m3 - m4)
//	t2 =      (m1 + m2) + 4(m3 + m4)
//	t3 =      (m1 - m2) + 8(m3 - m4) + m5
func (w *winograd) outputLine4() {
	m, t := w.line, w.turned
	two, four, eight := w.constants[0], w.constants[1], w.constants[2]
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

// outputLine2 is t = Aᵀ·m of F(2, 3):
//
//	t0 = m0 + m1 + m2
//	t1 =      m1 - m2 - m3
func (w *winograd) outputLine2() {
	m, t := w.line, w.turned
	VADDPS(m[1], m[0], t[0])
	VADDPS(m[2], t[0], t[0])
	VSUBPS(m[2], m[1], t[1])
	VSUBPS(m[3], t[1], t[1])
}
