package peak

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	. "github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
)

// Offsets of the fields of peak.args.
const (
	peakRounds = 8 * iota
	peakOne
	peakOut
)

// peakSums is peak.sums, the accumulators of the loop. Up to two
// multiply-adds begin a cycle and each takes 4 or 5, so it takes 10 to keep
// the units busy; AVX2 has registers for 15.
const peakSums = 12

// Write generates a loop of nothing but independent multiply-adds, to
// measure the most that a core can do: it adds 1·1 to every lane of every
// accumulator, and stores their sum in the end.
func Write(l Lanes) {
	Begin("peak%d", 8*l.Bytes)
	rounds, one, out := RCX, RDX, RBX
	MOVQ(Arg(peakRounds), rounds)
	MOVQ(Arg(peakOne), one)
	MOVQ(Arg(peakOut), out)
	factor := l.R[peakSums]
	VBROADCASTSS(Mem{Base: one}, factor)
	for _, sum := range l.R[:peakSums] {
		VXORPS(sum, sum, sum)
	}
	Label("round")
	for _, sum := range l.R[:peakSums] {
		VFMADD231PS(factor, factor, sum)
	}
	DECQ(rounds)
	JNZ(LabelRef("round"))
	for _, sum := range l.R[1:peakSums] {
		VADDPS(sum, l.R[0], l.R[0])
	}
	VMOVUPS(l.R[0], Mem{Base: out})
	VZEROUPPER()
	RET()
}
