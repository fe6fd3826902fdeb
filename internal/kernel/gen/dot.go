package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernel.dotArgs.
const (
	dotX = 8 * iota
	dotW
	dotPitch
	dotFloats
	dotOut
)

// dotRows is kernel.dotRows, the weight rows that share each load of x. With
// two vectors of each under way there are as many sums as hide the latency of
// a multiply-add.
const dotRows = 4

// genDot generates out[r] = Σ x·w[r] for some rows of weights. AVX2 serves every
// tier: the weights come from memory, which is slower.
func genDot() {
	function("dot4")
	x, n, out := RBX, RCX, RDX
	w := []Register{RSI, RDI, R8, R9}
	MOVQ(arg(dotX), x)
	MOVQ(arg(dotW), w[0])
	for r := 1; r < dotRows; r++ {
		MOVQ(w[r-1], w[r])
		ADDQ(arg(dotPitch), w[r])
	}
	MOVQ(arg(dotFloats), n)
	MOVQ(arg(dotOut), out)
	at := R10
	XORQ(at, at)
	for i := 0; i < 2*dotRows; i++ {
		VXORPS(y[i], y[i], y[i])
	}
	Label("step")
	VMOVUPS(Mem{Base: x, Index: at, Scale: 1}, y[8])
	VMOVUPS(Mem{Base: x, Index: at, Scale: 1, Disp: 32}, y[9])
	for r := 0; r < dotRows; r++ {
		VFMADD231PS(Mem{Base: w[r], Index: at, Scale: 1}, y[8], y[2*r])
		VFMADD231PS(Mem{Base: w[r], Index: at, Scale: 1, Disp: 32}, y[9], y[2*r+1])
	}
	ADDQ(Imm(64), at)
	SUBQ(Imm(16), n)
	JNZ(LabelRef("step"))
	// The lanes' sums: pairs, fours, then the two halves of each vector.
	for r := 0; r < dotRows; r++ {
		VADDPS(y[2*r+1], y[2*r], y[2*r])
	}
	VHADDPS(y[2], y[0], y[0])
	VHADDPS(y[6], y[4], y[4])
	VHADDPS(y[4], y[0], y[0])
	VEXTRACTF128(Imm(1), y[0], X1)
	VADDPS(X1, X0, X0)
	VMOVUPS(X0, Mem{Base: out})
	VZEROUPPER()
	RET()
}
