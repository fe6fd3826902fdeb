package reorder

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	. "github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
)

// Offsets of the fields of reorder.transposeArgs.
const (
	transposeIn = 8 * iota
	transposeInPitch
	transposeInStep
	transposeOut
	transposeOutPitch
	transposeOutStep
	transposeCount
)

// Write generates out[j][i] = in[i][j] for squares of 8x8, one after
// the other. AVX2 serves every tier.
func Write(Lanes) {
	Begin("transpose8x8")
	in, inPitch, inStep := RBX, RCX, RDX
	out, outPitch, outStep := RSI, RDI, R8
	count, at := R9, R10
	MOVQ(Arg(transposeIn), in)
	MOVQ(Arg(transposeInPitch), inPitch)
	MOVQ(Arg(transposeInStep), inStep)
	MOVQ(Arg(transposeOut), out)
	MOVQ(Arg(transposeOutPitch), outPitch)
	MOVQ(Arg(transposeOutStep), outStep)
	MOVQ(Arg(transposeCount), count)
	Label("square")
	MOVQ(in, at)
	for i := 0; i < 8; i++ {
		VMOVUPS(Mem{Base: at}, YMMs[i])
		if i < 7 {
			ADDQ(inPitch, at)
		}
	}
	// Pairs of rows, then fours, then the two halves of all eight.
	for i := 0; i < 8; i += 2 {
		VUNPCKLPS(YMMs[i+1], YMMs[i], YMMs[8+i])
		VUNPCKHPS(YMMs[i+1], YMMs[i], YMMs[9+i])
	}
	for i := 0; i < 8; i += 4 {
		VSHUFPS(Imm(0x44), YMMs[10+i], YMMs[8+i], YMMs[i])
		VSHUFPS(Imm(0xEE), YMMs[10+i], YMMs[8+i], YMMs[i+1])
		VSHUFPS(Imm(0x44), YMMs[11+i], YMMs[9+i], YMMs[i+2])
		VSHUFPS(Imm(0xEE), YMMs[11+i], YMMs[9+i], YMMs[i+3])
	}
	for i := 0; i < 4; i++ {
		VPERM2F128(Imm(0x20), YMMs[4+i], YMMs[i], YMMs[8+i])
		VPERM2F128(Imm(0x31), YMMs[4+i], YMMs[i], YMMs[12+i])
	}
	MOVQ(out, at)
	for i := 0; i < 8; i++ {
		VMOVUPS(YMMs[8+i], Mem{Base: at})
		if i < 7 {
			ADDQ(outPitch, at)
		}
	}
	ADDQ(inStep, in)
	ADDQ(outStep, out)
	DECQ(count)
	JNZ(LabelRef("square"))
	VZEROUPPER()
	RET()
}
