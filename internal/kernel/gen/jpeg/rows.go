package jpeg

import (
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	. "github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
)

// Rows of pixels, 32 at a time. Rows are read, and upsampled ones written, in
// whole vectors.

// Offsets of the fields of jpeg.rowArgs. What src means depends on the function.
const (
	rowDst = 8 * iota
	rowSrc0
	rowSrc1
	rowSrc2
	rowCount
	rowBias
)

// Rows generates what upsampling and colours need.
func Rows(Lanes) {
	genAcross()
	genDown()
	genBoth()
	genColours()
}

// vectorsOf generates the loop: at is given the index of 32 pixels.
func vectorsOf(body func(x Register)) {
	x, left := R10, R11
	MOVQ(Arg(rowCount), left)
	XORQ(x, x)
	Label("vector")
	body(x)
	ADDQ(Imm(32), x)
	DECQ(left)
	JNZ(LabelRef("vector"))
	VZEROUPPER()
	RET()
}

// of is where pixels of a row lie.
func of(base, x Register, disp int) Mem { return Mem{Base: base, Index: x, Scale: 1, Disp: disp} }

// storeTwice stores pairs of pixels in 16 bits: those of even and of odd places.
// Low halves hold the pixels 0 to 7 and 16 to 23.
func storeTwice(dst, x Register, evenLow, evenHigh, oddLow, oddHigh VecPhysical) {
	VPSLLW(Imm(8), oddLow, oddLow)
	VPSLLW(Imm(8), oddHigh, oddHigh)
	VPOR(oddLow, evenLow, evenLow)
	VPOR(oddHigh, evenHigh, evenHigh)
	to := func(disp int) Mem { return Mem{Base: dst, Index: x, Scale: 2, Disp: disp} }
	VMOVDQU(evenLow.AsX(), to(0))
	VMOVDQU(evenHigh.AsX(), to(16))
	VEXTRACTI128(Imm(1), evenLow, to(32))
	VEXTRACTI128(Imm(1), evenHigh, to(48))
}

// weigh gives 3·a + b in 16 bits.
func weigh(weights Mem, a, b, low, high VecPhysical) {
	VPUNPCKLBW(b, a, low)
	VPUNPCKHBW(b, a, high)
	VPMADDUBSW(weights, low, low)
	VPMADDUBSW(weights, high, high)
}

// genAcross generates jpeg.rowAcross.
func genAcross() {
	weights, one, two := octets("weights", 3, 1), pairs("one", 1, 1), pairs("two", 2, 2)
	Begin("rowAcross256")
	dst, src := RBX, RCX
	MOVQ(Arg(rowDst), dst)
	MOVQ(Arg(rowSrc0), src)
	vectorsOf(func(x Register) {
		this, beside := y[0], y[1]
		VMOVDQU(of(src, x, 1), this)
		for odd, half := range []Mem{one, two} {
			low, high := y[2+2*odd], y[3+2*odd]
			VMOVDQU(of(src, x, 2*odd), beside)
			weigh(weights, this, beside, low, high)
			VPADDW(half, low, low)
			VPADDW(half, high, high)
			VPSRLW(Imm(2), low, low)
			VPSRLW(Imm(2), high, high)
		}
		storeTwice(dst, x, y[2], y[3], y[4], y[5])
	})
}

// genDown generates jpeg.rowDown.
func genDown() {
	weights := octets("weightsDown", 3, 1)
	Begin("rowDown256")
	dst, near, far := RBX, RCX, RDX
	MOVQ(Arg(rowDst), dst)
	MOVQ(Arg(rowSrc0), near)
	MOVQ(Arg(rowSrc1), far)
	bias := y[4]
	VPBROADCASTW(Arg(rowBias), bias)
	vectorsOf(func(x Register) {
		VMOVDQU(of(near, x, 0), y[0])
		VMOVDQU(of(far, x, 0), y[1])
		weigh(weights, y[0], y[1], y[2], y[3])
		for _, v := range y[2:4] {
			VPADDW(bias, v, v)
			VPSRLW(Imm(2), v, v)
		}
		VPACKUSWB(y[3], y[2], y[2])
		VMOVDQU(y[2], of(dst, x, 0))
	})
}

// genBoth generates jpeg.rowBoth.
func genBoth() {
	weights, seven, eight := octets("weightsBoth", 3, 1), pairs("seven", 7, 7), pairs("eight", 8, 8)
	Begin("rowBoth256")
	dst, near, far := RBX, RCX, RDX
	MOVQ(Arg(rowDst), dst)
	MOVQ(Arg(rowSrc0), near)
	MOVQ(Arg(rowSrc1), far)
	vectorsOf(func(x Register) {
		for i := 0; i < 3; i++ { // the columns before, of and after each pixel
			VMOVDQU(of(near, x, i), y[0])
			VMOVDQU(of(far, x, i), y[1])
			weigh(weights, y[0], y[1], y[2+2*i], y[3+2*i])
		}
		for h, this := range y[4:6] {
			before, after, double := y[2+h], y[6+h], y[8+h]
			VPADDW(this, this, double)
			VPADDW(double, this, this)
			VPADDW(this, before, before)
			VPADDW(this, after, after)
			VPADDW(eight, before, before)
			VPADDW(seven, after, after)
			VPSRLW(Imm(4), before, before)
			VPSRLW(Imm(4), after, after)
		}
		storeTwice(dst, x, y[2], y[3], y[6], y[7])
	})
}

// genColours generates jpeg.yccToRGB and jpeg.interleave.
func genColours() {
	c := colours{
		red:    pairs("red", 26345, 26345),
		blue:   pairs("blue", -14942, -14942),
		green:  pairs("green", -22554, 18734),
		centre: pairs("centre", 128, 128),
		one:    pairs("unit", 1, 1),
		half:   doubles("half", 1<<15),
	}
	masks := interleaving()
	Begin("yccToRGB256")
	rows := []GPPhysical{RCX, RDX, RSI}
	load := func() {
		MOVQ(Arg(rowDst), RBX)
		for i, row := range rows {
			MOVQ(Arg(rowSrc0+8*i), row)
		}
		XORQ(RDI, RDI)
	}
	load()
	vectorsOf(func(x Register) {
		for i, row := range rows {
			VMOVDQU(of(row, x, 0), y[13+i])
		}
		c.convert()
		storeRGB(masks)
	})
	Begin("interleave256")
	load()
	vectorsOf(func(x Register) {
		for i, row := range rows {
			VMOVDQU(of(row, x, 0), y[i])
		}
		storeRGB(masks)
	})
}

// colours holds the constants of libjpeg's conversion, with 16 bits of fraction
// and without their whole parts: red is luma + Cr + 0.402·Cr, blue luma + 2·Cb -
// 0.228·Cb, green luma - Cr - 0.344·Cb + 0.286·Cr.
type colours struct{ red, blue, green, centre, one, half Mem }

// convert makes y[0], y[1], y[2] of luma, Cb and Cr in y[13], y[14], y[15].
func (c colours) convert() {
	zero := y[12]
	VPXOR(zero, zero, zero)
	for h, unpack := range []func(...Op){VPUNPCKLBW2, VPUNPCKHBW2} {
		r, g, b := y[2*h], y[2*h+1], y[4+h]
		luma, cb, cr, t, u := y[6], y[7], y[8], y[9], y[10]
		unpack(zero, y[13], luma)
		unpack(zero, y[14], cb)
		unpack(zero, y[15], cr)
		VPSUBW(c.centre, cb, cb)
		VPSUBW(c.centre, cr, cr)
		// (2·v·c) / 2^16, and half of that with rounding: v·c / 2^16 rounded.
		VPADDW(cr, cr, t)
		VPMULHW(c.red, t, t)
		VPADDW(c.one, t, t)
		VPSRAW(Imm(1), t, t)
		VPADDW(luma, cr, r)
		VPADDW(t, r, r)

		VPADDW(cb, cb, t)
		VPMULHW(c.blue, t, u)
		VPADDW(c.one, u, u)
		VPSRAW(Imm(1), u, u)
		VPADDW(luma, t, b)
		VPADDW(u, b, b)

		VPUNPCKLWD(cr, cb, t)
		VPUNPCKHWD(cr, cb, u)
		for _, v := range []VecPhysical{t, u} {
			VPMADDWD(c.green, v, v)
			VPADDD(c.half, v, v)
			VPSRAD(Imm(16), v, v)
		}
		VPACKSSDW(u, t, t)
		VPSUBW(cr, luma, g)
		VPADDW(t, g, g)
	}
	VPACKUSWB(y[2], y[0], y[0])
	VPACKUSWB(y[3], y[1], y[1])
	VPACKUSWB(y[5], y[4], y[2])
}

// VPUNPCKLBW2 and VPUNPCKHBW2 are the instructions as functions of one type.
func VPUNPCKLBW2(ops ...Op) { VPUNPCKLBW(ops[0], ops[1], ops[2]) }

// VPUNPCKHBW2 is the other.
func VPUNPCKHBW2(ops ...Op) { VPUNPCKHBW(ops[0], ops[1], ops[2]) }

// interleaving declares which bytes of each of three vectors go where in each of
// three that hold their pixels together.
func interleaving() (masks [3][3]Mem) {
	for out := range masks {
		for in := range masks[out] {
			masks[out][in] = GLOBL(fmt.Sprintf("mask%d%d", out, in), attr.RODATA|attr.NOPTR)
			for i := 0; i < 32; i++ {
				v := uint8(0x80) // a zero
				if at := 16*out + i%16; at%3 == in {
					v = uint8(at / 3)
				}
				DATA(i, U8(v))
			}
		}
	}
	return masks
}

// storeRGB stores 32 pixels of y[0], y[1] and y[2] from RBX + RDI on, and goes on
// by their 96 bytes.
func storeRGB(masks [3][3]Mem) {
	for out := range masks {
		sum := y[3+out]
		VPSHUFB(masks[out][0], y[0], sum)
		for in := 1; in < 3; in++ {
			VPSHUFB(masks[out][in], y[in], y[6])
			VPOR(y[6], sum, sum)
		}
		VMOVDQU(sum.AsX(), of(RBX, RDI, 16*out))
		VEXTRACTI128(Imm(1), sum, of(RBX, RDI, 48+16*out))
	}
	ADDQ(Imm(96), RDI)
}
