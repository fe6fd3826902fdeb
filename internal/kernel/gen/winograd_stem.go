package main

import (
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

func genStem(l lanes) {
	w := &winograd{lanes: l, name: "stem", outputs: 4, size: stemSize,
		line: l.r[0:7], turned: l.r[7:13], constants: l.r[13:16]}
	w.stemColumns()
	if l.bytes == 32 {
		genStemPixels() // AVX2 serves every tier
	}
	w.stemRow()
	genStemProducts(l)
	w.output()
}

// sevenfold addresses up to 7 things that are a step apart.
type sevenfold struct{ step, step3, step5 GPPhysical }

// load finds the multiples of a step.
func (s sevenfold) load(step Mem) {
	MOVQ(step, s.step)
	LEAQ(Mem{Base: s.step, Index: s.step, Scale: 2}, s.step3)
	LEAQ(Mem{Base: s.step, Index: s.step, Scale: 4}, s.step5)
}

func (s sevenfold) at(base Register, i, disp int) Mem {
	m := (&tile{s: s.step, s3: s.step3, s5: s.step5}).strided(i)
	m.Base, m.Disp = base, disp
	return m
}

// stemColumns generates Bᵀ·d in place: count vectors of each of 7 rows.
func (w *winograd) stemColumns() {
	function("stemColumns%d", 8*w.bytes)
	in, count := RBX, RCX
	rows := sevenfold{R8, R9, R10}
	MOVQ(arg(stemIn), in)
	MOVQ(arg(stemCount), count)
	rows.load(arg(stemPitch))
	w.load("stemColumns", 2, 4, 5)
	Label("vector")
	for i, d := range w.line {
		VMOVUPS(rows.at(in, i, 0), d)
	}
	w.stemInputLine(func(i int, v VecPhysical) { VMOVUPS(v, rows.at(in, i, 0)) })
	ADDQ(Imm(uint64(w.bytes)), in)
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
	upper := R11 // the row after the first three
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

// stemRow generates (Bᵀ·d)·B for a row of positions of count tiles that begin
// four pixels apart.
func (w *winograd) stemRow() {
	function("stemRow%d", 8*w.bytes)
	in, out, count := RBX, RCX, RDX
	positions := sevenfold{R8, R9, R10}
	MOVQ(arg(stemIn), in)
	MOVQ(arg(stemOut), out)
	MOVQ(arg(stemCount), count)
	positions.load(arg(stemStep))
	w.load("stemRow", 2, 4, 5)
	Label("tile")
	for h := 0; h < w.halves(); h++ {
		for x, d := range w.line {
			VMOVUPS(Mem{Base: in, Disp: 64*x + h*w.bytes}, d)
		}
		w.stemInputLine(func(i int, v VecPhysical) { VMOVUPS(v, positions.at(out, i, h*w.bytes)) })
	}
	ADDQ(U32(256), in)
	ADDQ(Imm(64), out)
	DECQ(count)
	JNZ(LabelRef("tile"))
	VZEROUPPER()
	RET()
}

// stemInputLine hands over the elements of t = Bᵀ·d, which are products of
// x-polynomials where xᵏ stands for dₖ:
//
//	e = x⁴ - 5x² + 4     t0 = (2x - 1)·e   t5 = x·e   t6 = x·(2x - 1)·e
//	u = x·(2x - 1)
//	w = (x² - 4)·u       t1 = (x + 1)·w    t2 = (x - 1)·w
//	z = (x² - 1)·u       t3 = (x + 2)·z    t4 = (x - 2)·z
func (w *winograd) stemInputLine(store func(i int, v VecPhysical)) {
	d, a, b := w.line, w.turned[0], w.turned[1]
	two, four, five := w.constants[0], w.constants[1], w.constants[2]
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

// stemOutputLine is t = Aᵀ·m of F(4, 4), eightfold at 1/2:
//
//	t0 = m0 + (m1 + m2) +  (m3 + m4) + 8m5
//	t1 =      (m1 - m2) + 2(m3 - m4) + 4m5
//	t2 =      (m1 + m2) + 4(m3 + m4) + 2m5
//	t3 =      (m1 - m2) + 8(m3 - m4) +  m5 + m6
func (w *winograd) stemOutputLine() {
	m, t := w.line, w.turned
	two, four, eight := w.constants[0], w.constants[1], w.constants[2]
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

// Offsets of the fields of kernel.stemProductArgs.
const (
	productV = 8 * iota
	productM
	productWeights
	productStepV
	productStepM
	productPositions
	productTiles
	productQuads
)

// stemProducts generates M = V·U for all positions and a panel of 16 outputs: in
// tiles of 6 items with YMM, 14 with ZMM. Channels come in fours.
//
// The products of few channels are soon done, and a tile's stores one after the
// other would hold up the next: each sum is stored where the next tile begins
// another in its register. Before the first tile what registers happen to hold
// is stored to where its sums will be.
type stemProducts struct {
	lanes
	items             int
	row, weights, out GPPhysical // of the tile's items, a channel's; the last tile's sums
}

func genStemProducts(l lanes) {
	t := &stemProducts{lanes: l, items: 14, row: RBX, weights: RCX, out: RDX}
	if l.halves() == 2 {
		t.items = 6
	}
	function("stemProducts%d", 8*l.bytes)
	v, m, panel, positions := RSI, RDI, R8, R9
	in, next, tiles, quads := R10, R11, R12, R13
	MOVQ(arg(productV), v)
	MOVQ(arg(productM), m)
	MOVQ(arg(productWeights), panel)
	MOVQ(arg(productPositions), positions)
	MOVQ(m, t.out)
	Label("position")
	MOVQ(v, in)
	MOVQ(m, next)
	MOVQ(arg(productTiles), tiles)
	Label("tile")
	MOVQ(in, t.row)
	MOVQ(panel, t.weights)
	t.quad(true)
	MOVQ(next, t.out)
	MOVQ(arg(productQuads), quads)
	DECQ(quads)
	JZ(LabelRef("multiplied"))
	Label("quad")
	t.quad(false)
	DECQ(quads)
	JNZ(LabelRef("quad"))
	Label("multiplied")
	ADDQ(U32(uint32(64*t.items)), in)
	ADDQ(U32(uint32(64*t.items)), next)
	DECQ(tiles)
	JNZ(LabelRef("tile"))
	MOVQ(t.weights, panel)
	ADDQ(arg(productStepV), v)
	ADDQ(arg(productStepM), m)
	DECQ(positions)
	JNZ(LabelRef("position"))
	for item := 0; item < t.items; item++ {
		t.store(item)
	}
	VZEROUPPER()
	RET()
}

// sums are the registers of an item's sums.
func (t *stemProducts) sums(item int) []VecPhysical {
	return t.r[item*t.halves():][:t.halves()]
}

// store stores an item's sums.
func (t *stemProducts) store(item int) {
	for h, sum := range t.sums(item) {
		VMOVUPS(sum, Mem{Base: t.out, Disp: 64*item + h*t.bytes})
	}
}

// quad multiplies four channels; the first ones of a tile begin its sums.
func (t *stemProducts) quad(first bool) {
	for c := 0; c < 4; c++ {
		w := t.r[t.items*t.halves():][:t.halves()]
		for h := range w {
			VMOVUPS(t.of(t.weights, t.halves()*c+h), w[h])
		}
		for item := 0; item < t.items; item++ {
			if first && c == 0 {
				t.store(item)
			}
			t.multiply(item, c, w, first && c == 0)
		}
	}
	ADDQ(Imm(16), t.row)
	ADDQ(U32(256), t.weights)
}

// multiply adds the product of a channel of an item, or begins with it.
func (t *stemProducts) multiply(item, c int, w []VecPhysical, begin bool) {
	x, sums := Mem{Base: t.row, Disp: 64*item + 4*c}, t.sums(item)
	if t.halves() == 1 {
		if begin {
			VMULPS_BCST(x, w[0], sums[0])
		} else {
			VFMADD231PS_BCST(x, w[0], sums[0])
		}
		return
	}
	v := t.r[14+item%2]
	VBROADCASTSS(x, v)
	for h := range w {
		if begin {
			VMULPS(w[h], v, sums[h])
		} else {
			VFMADD231PS(w[h], v, sums[h])
		}
	}
}
