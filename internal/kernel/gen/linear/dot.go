package linear

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	. "github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
)

// Offsets of the fields of linear.dotArgs.
const (
	dotX = 8 * iota
	dotW
	dotPitch
	dotFloats
	dotOut
)

// dotRows is linear.dotRows, the weight rows that share each load of x. With
// two vectors of each under way there are as many sums as hide the latency of
// a multiply-add.
const dotRows = 4

// Write generates out[r] = Σ x·w[r] for some rows of weights. AVX2 serves every
// tier: the weights come from memory, which is slower.
func Write(Lanes) {
	Begin("dot4")
	x, n, out := RBX, RCX, RDX
	w := []Register{RSI, RDI, R8, R9}
	MOVQ(Arg(dotX), x)
	MOVQ(Arg(dotW), w[0])
	for r := 1; r < dotRows; r++ {
		MOVQ(w[r-1], w[r])
		ADDQ(Arg(dotPitch), w[r])
	}
	MOVQ(Arg(dotFloats), n)
	MOVQ(Arg(dotOut), out)
	at := R10
	XORQ(at, at)
	for i := 0; i < 2*dotRows; i++ {
		VXORPS(YMMs[i], YMMs[i], YMMs[i])
	}
	Label("step")
	VMOVUPS(Mem{Base: x, Index: at, Scale: 1}, YMMs[8])
	VMOVUPS(Mem{Base: x, Index: at, Scale: 1, Disp: 32}, YMMs[9])
	for r := 0; r < dotRows; r++ {
		VFMADD231PS(Mem{Base: w[r], Index: at, Scale: 1}, YMMs[8], YMMs[2*r])
		VFMADD231PS(Mem{Base: w[r], Index: at, Scale: 1, Disp: 32}, YMMs[9], YMMs[2*r+1])
	}
	ADDQ(Imm(64), at)
	SUBQ(Imm(16), n)
	JNZ(LabelRef("step"))
	// The lanes' sums: pairs, fours, then the two halves of each vector.
	for r := 0; r < dotRows; r++ {
		VADDPS(YMMs[2*r+1], YMMs[2*r], YMMs[2*r])
	}
	VHADDPS(YMMs[2], YMMs[0], YMMs[0])
	VHADDPS(YMMs[6], YMMs[4], YMMs[4])
	VHADDPS(YMMs[4], YMMs[0], YMMs[0])
	VEXTRACTF128(Imm(1), YMMs[0], X1)
	VADDPS(X1, X0, X0)
	VMOVUPS(X0, Mem{Base: out})
	VZEROUPPER()
	RET()
}
