package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

var z = []VecPhysical{Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
	Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31}

// genConv512 generates the tiles of 1 to 14 pixels × 32 channels, up to 28
// accumulators and two alternating pairs of weight vectors; and those × 16
// channels, for narrow layers.
func genConv512() {
	for _, vectors := range []int{2, 1} {
		for _, unroll := range []int{16, 1} {
			for pixels := 1; pixels <= 14; pixels++ {
				conv512(pixels, vectors, unroll)
			}
		}
	}
}

func conv512(pixels, vectors, unroll int) {
	t := newTile(pixels, 7, vectors, unroll)
	function("tile512x%dc%du%d", pixels, 16*vectors, unroll)
	acc := func(p, v int) VecPhysical { return z[vectors*p+v] }
	tmp := z[28:]
	zero := func() {
		for i := 0; i < vectors*pixels; i++ {
			VPXORD(z[i], z[i], z[i])
		}
	}
	step := func(ic int) {
		w := z[28+ic%2*2:]
		for v := 0; v < vectors; v++ {
			VMOVUPS(t.weight(ic, v), w[v])
		}
		for p := 0; p < pixels; p++ {
			for v := 0; v < vectors; v++ {
				VFMADD231PS_BCST(t.pixel(p, ic), w[v], acc(p, v))
			}
		}
	}
	ops := vectorOps{
		load:      func(m Mem, i int) { VMOVUPS(m, tmp[i]) },
		broadcast: func(m Mem, i int) { VBROADCASTSS(m, tmp[i]) },
		zero:      func(i int) { VPXORD(tmp[i], tmp[i], tmp[i]) },
		affine:    func(p, v int) { VFMADD213PS(tmp[tmpShift0+v], tmp[tmpScale0+v], acc(p, v)) },
		addMem:    func(m Mem, p, v int) { VADDPS(m, acc(p, v), acc(p, v)) },
		// The second source is what VMAXPS returns for a NaN.
		maxTmp: func(p, v, i int) { VMAXPS(acc(p, v), tmp[i], acc(p, v)) },
		mulTmp: func(p, v, i, dst int) { VMULPS(acc(p, v), tmp[i], tmp[dst]) },
		store:  func(p, v int, m Mem) { VMOVUPS(acc(p, v), m) },
	}
	t.body(zero, step, func() { t.epilogue(ops) })
}
