package pool

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	. "github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
)

// Offsets of the fields of pool.maxArgs.
const (
	poolIn = 8 * iota
	poolOffsets
	poolTaps
	poolStride
	poolOut
	poolPixels
)

// Write generates the maximum.
func Write(l Lanes) {
	if l.Bytes == 64 {
		max512()
	} else {
		max256()
	}
}

// max512 generates the maximum over a window's taps for a row of pixels
// of 16 channels. VMAXPS returns its second source where either is a NaN, so
// with the new value there a NaN enters; a NaN that is already in is put back.
func max512() {
	Begin("maxpool512")
	poolLoop(func(at Mem) {
		VMOVUPS(at, Z1)
		VCMPPS(Imm(3), Z0, Z0, K1)
		VMAXPS(Z1, Z0, Z2)
		VMOVAPS(Z0, K1, Z2)
		VMOVAPS(Z2, Z0)
	}, func() {
		VBROADCASTSS(X15, Z0)
	}, func(at Mem) {
		VMOVUPS(Z0, at)
	})
}

// max256 does the same in two halves.
func max256() {
	Begin("maxpool256")
	half := func(at Mem, acc VecPhysical) {
		VMOVUPS(at, Y2)
		VCMPPS(Imm(3), acc, acc, Y4)
		VMAXPS(Y2, acc, Y3)
		VBLENDVPS(Y4, acc, Y3, acc)
	}
	upper := func(m Mem) Mem { m.Disp += 32; return m }
	poolLoop(func(at Mem) {
		half(at, Y0)
		half(upper(at), Y1)
	}, func() {
		VBROADCASTSS(X15, Y0)
		VBROADCASTSS(X15, Y1)
	}, func(at Mem) {
		VMOVUPS(Y0, at)
		VMOVUPS(Y1, upper(at))
	})
}

func poolLoop(tap func(at Mem), start func(), store func(at Mem)) {
	in, offsets, taps, stride, out, pixels := RBX, RCX, RDX, RSI, RDI, R8
	MOVQ(Arg(poolIn), in)
	MOVQ(Arg(poolOffsets), offsets)
	MOVQ(Arg(poolTaps), taps)
	MOVQ(Arg(poolStride), stride)
	MOVQ(Arg(poolOut), out)
	MOVQ(Arg(poolPixels), pixels)
	minusInf := R9
	MOVL(U32(0xff800000), minusInf.As32())
	VMOVD(minusInf.As32(), X15)
	i, offset := R10, R11
	Label("pixel")
	start()
	XORQ(i, i)
	Label("tap")
	MOVQ(Mem{Base: offsets, Index: i, Scale: 8}, offset)
	tap(Mem{Base: in, Index: offset, Scale: 1})
	INCQ(i)
	CMPQ(i, taps)
	JB(LabelRef("tap"))
	store(Mem{Base: out})
	ADDQ(stride, in)
	ADDQ(Imm(64), out)
	DECQ(pixels)
	JNZ(LabelRef("pixel"))
	VZEROUPPER()
	RET()
}
