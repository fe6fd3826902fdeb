package tile

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	. "github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
)

// Groups may have too few outputs to fill two vectors that an input broadcast
// to all Lanes is multiplied with. A panel of one vector would take more loads
// of inputs than the processor makes beside its multiplications. So a load
// brings two inputs at once, repeated over the Lanes, and a pixel has two sums
// all the same: what lane l multiplies belongs to output l in the first, and to
// another lane's in the second. After all taps the second sum's Lanes swap
// places, and it is added to the first.
//
// A tap is four input channels, of each group in the panel, at a place in the
// window.
type narrow struct {
	// load brings a half of a tap's inputs.
	load func(t *tile, p, half int, x VecPhysical)
	// swap is the order of the second sum's Lanes.
	swap uint8
}

// fours is two groups of four outputs and inputs: Lanes hold the even inputs of
// their own group, each twice, 0 0 2 2, or the odd ones; the second sum's are
// two Lanes off.
var fours = narrow{swap: 0x4e, load: func(t *tile, p, half int, x VecPhysical) {
	if half == 0 {
		VMOVSLDUP(t.pixel(p, 0), x)
	} else {
		VMOVSHDUP(t.pixel(p, 0), x)
	}
}}

// eights is eight outputs of one group: Lanes hold two inputs in turn, 0 1 0 1;
// the second sum's are the neighbour's.
var eights = narrow{swap: 0xb1, load: func(t *tile, p, half int, x VecPhysical) {
	VBROADCASTSD(t.pixel(p, 2*half), x)
}}

// Groups generates the tiles of 1 to 6 pixels × 8 channels.
func Groups(Lanes) {
	for pixels := 1; pixels <= 6; pixels++ {
		fours.tile("fours256x%d", pixels)
	}
	for pixels := 1; pixels <= 6; pixels++ {
		eights.tile("eights256x%d", pixels)
	}
}

func (n narrow) tile(name string, pixels int) {
	t := newTile(pixels, 3, 2, 2, YMMs[:12], YMMs[12:]) // a step is two inputs with two sums
	t.runs = true
	Begin(name, pixels)
	step := func(half int) {
		VMOVUPS(t.weight(half, 0), Y12)
		VMOVUPS(t.weight(half, 1), Y13)
		for p := range pixels {
			x := YMMs[14+p%2]
			n.load(t, p, half, x)
			VFMADD231PS(Y12, x, t.sum(p, 0))
			VFMADD231PS(Y13, x, t.sum(p, 1))
		}
	}
	t.body(step, func() {
		for p := range pixels {
			VPERMILPS(Imm(uint64(n.swap)), t.sum(p, 1), t.sum(p, 1))
			VADDPS(t.sum(p, 1), t.sum(p, 0), t.sum(p, 0))
		}
		t.vectors = 1
		t.epilogue()
	})
}
