package tile

import (
	. "github.com/mmcloughlin/avo/build"

	. "github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
)

// conv512s generates the tiles of 1 to 14 pixels × 32 channels, up to 28
// accumulators and two alternating pairs of weight vectors; and those × 16
// channels, for narrow layers.
func conv512s() {
	for _, vectors := range []int{2, 1} {
		for _, unroll := range []int{16, 1} {
			for pixels := 1; pixels <= 14; pixels++ {
				conv512(pixels, vectors, unroll)
			}
		}
	}
}

func conv512(pixels, vectors, unroll int) {
	t := newTile(pixels, 7, vectors, unroll, ZMMs[:28], ZMMs[28:])
	Begin("tile512x%dc%du%d", pixels, 16*vectors, unroll)
	t.body(func(ic int) {
		w := ZMMs[28+ic%2*2:]
		for v := 0; v < vectors; v++ {
			VMOVUPS(t.weight(ic, v), w[v])
		}
		for p := 0; p < pixels; p++ {
			for v := 0; v < vectors; v++ {
				VFMADD231PS_BCST(t.pixel(p, ic), w[v], t.sum(p, v))
			}
		}
	}, t.epilogue)
}
