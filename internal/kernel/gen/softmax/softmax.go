package softmax

import (
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	. "github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
)

// The three passes of a softmax over the rows of a block, 16 columns at a
// time. AVX2 serves every tier.

// Offsets of the fields of softmax.args.
const (
	softmaxX = 8 * iota
	softmaxWidth
	softmaxRows
	softmaxTop
	softmaxSum
)

// expCoefficients are those of Cephes' expf, the highest power first:
// exp(r) = 1 + r + r²·p(r) for |r| ≤ ln(2)/2.
var expCoefficients = []float32{1.9875691500e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1}

// What the exponential needs besides, in the order that they have in memory
// after the coefficients.
var (
	expLeast = float32(-87.33654) // what is less gives 0, not a denormal
	log2e    = float32(math.Log2E)
	ln2High  = float32(0.693359375) // exact in few bits, so that n·ln2High is
	ln2Low   = float32(-2.12194440e-4)
)

// vectors declares numbers as vectors of eight and returns where each lies.
func vectors(name string, bits []uint32) []Mem {
	base := GLOBL(name, attr.RODATA|attr.NOPTR)
	var list []Mem
	for i, b := range bits {
		for lane := 0; lane < 8; lane++ {
			DATA(32*i+4*lane, U32(b))
		}
		list = append(list, base.Offset(32*i))
	}
	return list
}

// Write generates the passes.
func Write(Lanes) {
	var bits []uint32
	for _, x := range append(expCoefficients, expLeast, log2e, ln2High, ln2Low, 1) {
		bits = append(bits, math.Float32bits(x))
	}
	numbers := vectors("exponential", append(bits, 127))
	tops()
	exponentials(numbers)
	divide()
}

// softmaxColumns generates the loops: over columns, 16 at a time, and over the
// rows of each. Row is given the address of 16 values.
func softmaxColumns(before func(column Register), row func(at Register), after func(column Register)) {
	x, width, rows, column := RBX, RCX, RDX, RSI
	at, left, pitch := RDI, R8, R9
	MOVQ(Arg(softmaxX), x)
	MOVQ(Arg(softmaxWidth), width)
	MOVQ(Arg(softmaxRows), rows)
	MOVQ(width, pitch)
	SHLQ(Imm(2), pitch)
	XORQ(column, column)
	Label("column")
	before(column)
	MOVQ(x, at)
	MOVQ(rows, left)
	Label("row")
	row(at)
	ADDQ(pitch, at)
	DECQ(left)
	JNZ(LabelRef("row"))
	after(column)
	ADDQ(Imm(64), x)
	ADDQ(Imm(64), column)
	SUBQ(Imm(16), width)
	JNZ(LabelRef("column"))
	VZEROUPPER()
	RET()
}

// both calls f for the two vectors of 16 columns.
func both(f func(h int)) {
	f(0)
	f(1)
}

// columnsOf is one of them in an array of the columns.
func columnsOf(base, column Register, h int) Mem {
	return Mem{Base: base, Index: column, Scale: 1, Disp: 32 * h}
}

// tops generates top = max over rows of x. A NaN need not enter: it
// comes back when it is subtracted from.
func tops() {
	Begin("softmaxTop")
	top, best := R10, []VecPhysical{Y0, Y1}
	MOVQ(Arg(softmaxTop), top)
	softmaxColumns(
		func(Register) {
			both(func(h int) { VMOVUPS(Mem{Base: RBX, Disp: 32 * h}, best[h]) })
		},
		func(at Register) {
			both(func(h int) { VMAXPS(Mem{Base: at, Disp: 32 * h}, best[h], best[h]) })
		},
		func(column Register) {
			both(func(h int) { VMOVUPS(best[h], columnsOf(top, column, h)) })
		})
}

// exponentials generates x = exp(x - top) and sum = Σ of that over rows, whose
// rounding errors it carries along (Kahan).
func exponentials(numbers []Mem) {
	Begin("softmaxExp")
	coefficients, others := numbers[:len(expCoefficients)], numbers[len(expCoefficients):]
	least, log2e, high, low, one, bias := others[0], others[1], others[2], others[3], others[4], others[5]
	top, sum := R10, R11
	MOVQ(Arg(softmaxTop), top)
	MOVQ(Arg(softmaxSum), sum)
	tops, sums, lost := []VecPhysical{Y0, Y1}, []VecPhysical{Y2, Y3}, []VecPhysical{Y4, Y5}
	softmaxColumns(
		func(column Register) {
			both(func(h int) {
				VMOVUPS(columnsOf(top, column, h), tops[h])
				VXORPS(sums[h], sums[h], sums[h])
				VXORPS(lost[h], lost[h], lost[h])
			})
		},
		func(at Register) {
			both(func(h int) {
				x, n, p, small := YMMs[6+5*h], YMMs[7+5*h], YMMs[8+5*h], YMMs[9+5*h]
				VMOVUPS(Mem{Base: at, Disp: 32 * h}, x)
				VSUBPS(tops[h], x, x)
				VCMPPS(Imm(17), least, x, small) // x < least, not for a NaN
				VMULPS(log2e, x, n)
				VROUNDPS(Imm(8), n, n)
				VFNMADD231PS(high, n, x)
				VFNMADD231PS(low, n, x)
				VMOVUPS(coefficients[0], p)
				for _, c := range coefficients[1:] {
					VFMADD213PS(c, x, p)
				}
				square := YMMs[10+5*h]
				VMULPS(x, x, square)
				VFMADD213PS(x, square, p)
				VADDPS(one, p, p)
				VCVTPS2DQ(n, n)
				VPADDD(bias, n, n)
				VPSLLD(Imm(23), n, n)
				VMULPS(n, p, p)
				VANDNPS(p, small, p)
				VMOVUPS(p, Mem{Base: at, Disp: 32 * h})
				VSUBPS(lost[h], p, p)
				VADDPS(p, sums[h], x)
				VSUBPS(sums[h], x, n)
				VSUBPS(p, n, lost[h])
				VMOVAPS(x, sums[h])
			})
		},
		func(column Register) {
			both(func(h int) { VMOVUPS(sums[h], columnsOf(sum, column, h)) })
		})
}

// divide generates x = x / sum.
func divide() {
	Begin("softmaxDivide")
	sum, sums := R11, []VecPhysical{Y0, Y1}
	MOVQ(Arg(softmaxSum), sum)
	softmaxColumns(
		func(column Register) {
			both(func(h int) { VMOVUPS(columnsOf(sum, column, h), sums[h]) })
		},
		func(at Register) {
			both(func(h int) {
				VMOVUPS(Mem{Base: at, Disp: 32 * h}, YMMs[2+h])
				VDIVPS(sums[h], YMMs[2+h], YMMs[2+h])
				VMOVUPS(YMMs[2+h], Mem{Base: at, Disp: 32 * h})
			})
		},
		func(Register) {})
}
