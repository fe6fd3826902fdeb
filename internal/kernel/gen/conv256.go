package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

var y = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}

// genConv256 generates the tiles of 1 to 6 pixels × 16 channels: 12
// accumulators, two weight vectors, two broadcasts that alternate.
func genConv256() {
	for _, unroll := range []int{16, 1} {
		for pixels := 1; pixels <= 6; pixels++ {
			conv256(pixels, unroll)
		}
	}
}

func conv256(pixels, unroll int) {
	t := newTile(pixels, 3, 2, unroll)
	t.runs = true
	if unroll > 1 {
		t.soon = []GPPhysical{R14, R15}
	}
	function("tile256x%du%d", pixels, unroll)
	step := func(ic int) {
		VMOVUPS(t.weight(ic, 0), Y12)
		VMOVUPS(t.weight(ic, 1), Y13)
		for p := 0; p < pixels; p++ {
			x := y[14+p%2]
			VBROADCASTSS(t.pixel(p, ic), x)
			VFMADD231PS(Y12, x, acc256(p, 0))
			VFMADD231PS(Y13, x, acc256(p, 1))
		}
	}
	t.body(t.zero256, step, func() { t.epilogue(ops256()) })
}

// acc256 is one of the two accumulators of a pixel.
func acc256(p, v int) VecPhysical { return y[2*p+v] }

func (t *tile) zero256() {
	for i := 0; i < 2*t.pixels; i++ {
		VXORPS(y[i], y[i], y[i])
	}
}

func ops256() vectorOps {
	acc, tmp := acc256, y[12:]
	return vectorOps{
		load:      func(m Mem, i int) { VMOVUPS(m, tmp[i]) },
		broadcast: func(m Mem, i int) { VBROADCASTSS(m, tmp[i]) },
		zero:      func(i int) { VXORPS(tmp[i], tmp[i], tmp[i]) },
		affine:    func(p, v int) { VFMADD213PS(tmp[tmpShift0+v], tmp[tmpScale0+v], acc(p, v)) },
		addMem:    func(m Mem, p, v int) { VADDPS(m, acc(p, v), acc(p, v)) },
		maxTmp:    func(p, v, i int) { VMAXPS(acc(p, v), tmp[i], acc(p, v)) },
		mulTmp:    func(p, v, i, dst int) { VMULPS(acc(p, v), tmp[i], tmp[dst]) },
		store:     func(p, v int, m Mem) { VMOVUPS(acc(p, v), m) },
	}
}
