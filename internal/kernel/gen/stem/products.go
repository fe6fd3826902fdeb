package stem

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	. "github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
)

// Offsets of the fields of stem.productArgs.
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
	Lanes
	items             int
	row, weights, out GPPhysical // of the tile's items, a channel's; the last tile's sums
}

func products(l Lanes) {
	t := &stemProducts{Lanes: l, items: 14, row: RBX, weights: RCX, out: RDX}
	if l.Halves() == 2 {
		t.items = 6
	}
	Begin("stemProducts%d", 8*l.Bytes)
	v, m, panel, positions := RSI, RDI, R8, R9
	in, next, tiles, quads := R10, R11, R12, R13
	MOVQ(Arg(productV), v)
	MOVQ(Arg(productM), m)
	MOVQ(Arg(productWeights), panel)
	MOVQ(Arg(productPositions), positions)
	MOVQ(m, t.out)
	Label("position")
	MOVQ(v, in)
	MOVQ(m, next)
	MOVQ(Arg(productTiles), tiles)
	Label("tile")
	MOVQ(in, t.row)
	MOVQ(panel, t.weights)
	t.quad(true)
	MOVQ(next, t.out)
	MOVQ(Arg(productQuads), quads)
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
	ADDQ(Arg(productStepV), v)
	ADDQ(Arg(productStepM), m)
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
	return t.R[item*t.Halves():][:t.Halves()]
}

// store stores an item's sums.
func (t *stemProducts) store(item int) {
	for h, sum := range t.sums(item) {
		VMOVUPS(sum, Mem{Base: t.out, Disp: 64*item + h*t.Bytes})
	}
}

// quad multiplies four channels; the first ones of a tile begin its sums.
func (t *stemProducts) quad(first bool) {
	for c := 0; c < 4; c++ {
		w := t.R[t.items*t.Halves():][:t.Halves()]
		for h := range w {
			VMOVUPS(t.Of(t.weights, t.Halves()*c+h), w[h])
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
	if t.Halves() == 1 {
		if begin {
			VMULPS_BCST(x, w[0], sums[0])
		} else {
			VFMADD231PS_BCST(x, w[0], sums[0])
		}
		return
	}
	v := t.R[14+item%2]
	VBROADCASTSS(x, v)
	for h := range w {
		if begin {
			VMULPS(w[h], v, sums[h])
		} else {
			VFMADD231PS(w[h], v, sums[h])
		}
	}
}
