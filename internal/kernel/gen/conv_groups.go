package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// A convolution of narrow groups has few outputs for each input, too few to
// broadcast an input to a whole vector of them. So its weights move instead:
// lane l of rotation r holds the weight from input channel l%4 of the lane's
// quad to output channel (l+r)%4 of its four. Four accumulators a pixel, one a
// rotation, sum the products of all taps, and only then are rotated into their
// places and added.
//
// A tap is a place in the window and a quad of input channels: the one that
// both halves of the vector share, or, where groups have four channels, two
// neighbours, one for each half.

const (
	rotations     = 4
	rotatedPixels = 3
)

// Registers of the loops.
var (
	rotIn       = []GPPhysical{R8, R9, R10}
	rotOffset   = RBX
	rotCount    = RCX
	rotWeights  = RDX
	rotOffsets  = RSI
	rotEnd      = RDI
	rotOut      = R11
	rotOutPixel = R12
	rotRes      = R13
	rotResPixel = R14
	rotTmp      = R15
)

func genGroups256() {
	for _, inputs := range []int{8, 4} {
		for pixels := 1; pixels <= rotatedPixels; pixels++ {
			rotated(pixels, inputs)
		}
	}
}

// rotated generates a function that computes a run of tiles of some pixels by
// 8 output channels. All pointers stay in registers: after the last tile those
// in the arguments must not have left what they point into.
func rotated(pixels, inputs int) {
	function("rotate256x%du%d", pixels, inputs)
	MOVQ(arg(argIn0), rotIn[0])
	MOVQ(arg(argStride), rotTmp)
	for p := 1; p < pixels; p++ {
		LEAQ(Mem{Base: rotIn[p-1], Index: rotTmp, Scale: 1}, rotIn[p])
	}
	MOVQ(arg(argOut0), rotOut)
	MOVQ(arg(argOutPixel), rotOutPixel)
	MOVQ(arg(argRes0), rotRes)
	MOVQ(arg(argResPixel), rotResPixel)
	MOVQ(arg(argTaps), rotTmp)
	MOVQ(arg(argOffsets), rotEnd)
	LEAQ(Mem{Base: rotEnd, Index: rotTmp, Scale: 8}, rotEnd)
	MOVQ(arg(argCount), rotCount)

	Label("tile")
	MOVQ(arg(argWeights), rotWeights)
	MOVQ(arg(argOffsets), rotOffsets)
	for i := range rotations * pixels {
		VXORPS(y[i], y[i], y[i])
	}
	Label("taps")
	rotatedTap(pixels, inputs)
	ADDQ(U32(32*rotations), rotWeights)
	ADDQ(Imm(8), rotOffsets)
	CMPQ(rotOffsets, rotEnd)
	JNE(LabelRef("taps"))
	rotatedSums(pixels)
	rotatedEpilogue(pixels)
	rotatedAdvance(pixels)
	VZEROUPPER()
	RET()
}

// rotatedSum is the accumulator of a rotation of a pixel; what the first holds
// is the pixel's outputs in the end.
func rotatedSum(p, r int) VecPhysical { return y[rotations*p+r] }

func rotatedTap(pixels, inputs int) {
	x, w := y[rotations*rotatedPixels:], Y15
	MOVQ(Mem{Base: rotOffsets}, rotOffset)
	for p := range pixels {
		m := Mem{Base: rotIn[p], Index: rotOffset, Scale: 1}
		if inputs == 4 {
			VBROADCASTF128(m, x[p])
		} else {
			VMOVUPS(m, x[p])
		}
	}
	for r := range rotations {
		VMOVUPS(Mem{Base: rotWeights, Disp: 32 * r}, w)
		for p := range pixels {
			VFMADD231PS(w, x[p], rotatedSum(p, r))
		}
	}
}

// rotatedSums brings the sums together: by one place the odd rotations, by two
// what belongs to the upper two.
func rotatedSums(pixels int) {
	const one, two = 0x93, 0x4e // output (l+r)%4 takes from lane l
	for p := range pixels {
		for _, r := range []int{1, 3} {
			from, to := rotatedSum(p, r), rotatedSum(p, r-1)
			VPERMILPS(Imm(one), from, from)
			VADDPS(from, to, to)
		}
		VPERMILPS(Imm(two), rotatedSum(p, 2), rotatedSum(p, 2))
		VADDPS(rotatedSum(p, 2), rotatedSum(p, 0), rotatedSum(p, 0))
	}
}

// rotatedEpilogue is act(sum·scale + shift + residual), stored.
func rotatedEpilogue(pixels int) {
	each := func(f func(p int, sum VecPhysical)) {
		for p := range pixels {
			f(p, rotatedSum(p, 0))
		}
	}
	at := func(base, step GPPhysical, p int) Mem {
		m := Mem{Base: base}
		if p > 0 {
			m.Index, m.Scale = step, uint8(p)
		}
		return m
	}
	MOVQ(arg(argScale), rotTmp)
	MOVQ(arg(argShift), rotOffset)
	VMOVUPS(Mem{Base: rotTmp}, Y12)
	VMOVUPS(Mem{Base: rotOffset}, Y13)
	each(func(_ int, sum VecPhysical) { VFMADD213PS(Y13, Y12, sum) })

	TESTQ(rotRes, rotRes)
	JZ(LabelRef("activate"))
	each(func(p int, sum VecPhysical) { VADDPS(at(rotRes, rotResPixel, p), sum, sum) })

	Label("activate")
	CMPQ(arg(argAct), Imm(1))
	JB(LabelRef("store"))
	JA(LabelRef("leaky"))
	VXORPS(Y12, Y12, Y12)
	each(func(_ int, sum VecPhysical) { VMAXPS(sum, Y12, sum) })
	JMP(LabelRef("store"))
	Label("leaky")
	VBROADCASTSS(arg(argSlope), Y12)
	each(func(_ int, sum VecPhysical) {
		VMULPS(sum, Y12, Y13)
		VMAXPS(sum, Y13, sum)
	})

	Label("store")
	each(func(p int, sum VecPhysical) { VMOVUPS(sum, at(rotOut, rotOutPixel, p)) })
}

// rotatedAdvance goes on to the next tile of the run, if there is one.
func rotatedAdvance(pixels int) {
	MOVQ(arg(argInStep), rotTmp)
	for p := range pixels {
		ADDQ(rotTmp, rotIn[p])
	}
	ADDQ(arg(argOutStep), rotOut)
	TESTQ(rotRes, rotRes)
	JZ(LabelRef("next"))
	ADDQ(arg(argResStep), rotRes)
	Label("next")
	DECQ(rotCount)
	JNZ(LabelRef("tile"))
}
