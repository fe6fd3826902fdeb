package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernel.peakArgs.
const (
	peakRounds = 8 * iota
	peakOne
	peakOut
)

// peakSums is kernel.peakSums, the accumulators of the loop. Up to two
// multiply-adds begin a cycle and each takes 4 or 5, so it takes 10 to keep
// the units busy; AVX2 has registers for 15.
const peakSums = 12

// genPeak generates a loop of nothing but independent multiply-adds, to
// measure the most that a core can do: it adds 1·1 to every lane of every
// accumulator, and stores their sum in the end.
func genPeak(l lanes) {
	function("peak%d", 8*l.bytes)
	rounds, one, out := RCX, RDX, RBX
	MOVQ(arg(peakRounds), rounds)
	MOVQ(arg(peakOne), one)
	MOVQ(arg(peakOut), out)
	factor := l.r[peakSums]
	VBROADCASTSS(Mem{Base: one}, factor)
	for _, sum := range l.r[:peakSums] {
		VXORPS(sum, sum, sum)
	}
	Label("round")
	for _, sum := range l.r[:peakSums] {
		VFMADD231PS(factor, factor, sum)
	}
	DECQ(rounds)
	JNZ(LabelRef("round"))
	for _, sum := range l.r[1:peakSums] {
		VADDPS(sum, l.r[0], l.r[0])
	}
	VMOVUPS(l.r[0], Mem{Base: out})
	VZEROUPPER()
	RET()
}
