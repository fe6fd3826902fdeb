package tile

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/reg"

	. "github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
)

// conv256s generates the tiles of 1 to 6 pixels × 16 channels: 12
// accumulators, two weight vectors, two broadcasts that alternate.
func conv256s() {
	for _, unroll := range []int{16, 1} {
		for pixels := 1; pixels <= 6; pixels++ {
			conv256(pixels, unroll)
		}
	}
}

func conv256(pixels, unroll int) {
	t := newTile(pixels, 3, 2, unroll, YMMs[:12], YMMs[12:])
	t.runs = true
	if unroll > 1 {
		t.soon = []GPPhysical{R14, R15}
	}
	Begin("tile256x%du%d", pixels, unroll)
	t.body(func(ic int) {
		VMOVUPS(t.weight(ic, 0), Y12)
		VMOVUPS(t.weight(ic, 1), Y13)
		for p := 0; p < pixels; p++ {
			x := YMMs[14+p%2]
			VBROADCASTSS(t.pixel(p, ic), x)
			VFMADD231PS(Y12, x, t.sum(p, 0))
			VFMADD231PS(Y13, x, t.sum(p, 1))
		}
	}, t.epilogue)
}
