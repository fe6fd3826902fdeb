package tile

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	. "github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
)

// Conv generates the tiles that broadcast inputs.
func Conv(l Lanes) {
	if l.Bytes == 64 {
		conv512s()
	} else {
		conv256s()
	}
}

// Offsets of the fields of tile.Args.
const (
	argIn0 = 8 * iota
	argIn1
	argWeights
	argOffsets
	argTaps
	argStride
	argOut0
	argOut1
	argOutBlock
	argRes0
	argRes1
	argResBlock
	argScale
	argShift
	argAct
	argSlope
	argAhead
	argAheadEnd
	argCount
	argInStep
	argOutStep
	argResStep
	argOutPixel
	argResPixel
	argSums
	argResume
	argPause
	argRows
	argPerRow
	argRowIn
	argRowOut
	argRowRes
)

// tile generates a function that computes a tile of `pixels` output pixels and
// a panel of output channels, one or two vectors wide: for every tap of the
// window, `unroll` input channels a pixel are broadcast and multiplied with a row
// of weights each.
//
// Pixels before `half` are addressed from in0, the others from in1, so that a
// tile may span two rows. A pixel's address is a base plus up to six strides.
//
// Meanwhile it asks for the memory from ahead on, a cache line for each input
// channel: the weights that the next panel will need.
type tile struct {
	pixels, half, unroll int
	vectors              int // of weights; accumulators are pixels × vectors
	// sums are the accumulators, perPixel of each pixel; tmp what else there is.
	sums, tmp []VecPhysical
	perPixel  int
	in        [2]GPPhysical
	strides   Sevenfold
	// soon holds the addresses of a tap some ahead, whose pixels are fetched.
	soon []GPPhysical
	// runs makes a loop over tiles that lie side by side.
	runs bool
}

// tapsAhead is how many taps ahead pixels are fetched.
const tapsAhead = 4

func newTile(pixels, half, vectors, unroll int, sums, tmp []VecPhysical) *tile {
	return &tile{pixels: pixels, half: half, unroll: unroll, vectors: vectors, sums: sums, tmp: tmp, perPixel: vectors,
		in: [2]GPPhysical{R11, R12}, strides: Sevenfold{Step: R8, Step3: R9, Step5: R10}}
}

// pixel is the address of channel ic of a pixel.
func (t *tile) pixel(p, ic int) Mem { return t.strides.At(t.in[p/t.half], p%t.half, 4*ic) }

// Registers of the loops.
var (
	tileIn0     = RBX
	tileIn1     = RCX
	tileWeights = RDX
	tileOffsets = RSI
	tileTaps    = RDI
	tileAhead   = R13
)

// body computes the tiles: step makes the multiplications of one channel, finish
// stores.
func (t *tile) body(step func(ic int), finish func()) {
	t.strides.Load(Arg(argStride))
	MOVQ(Arg(argAhead), tileAhead)
	if t.runs {
		Label("tile")
		t.resume()
		t.fetchOutputs()
	} else {
		t.zero()
	}
	MOVQ(Arg(argIn0), tileIn0)
	MOVQ(Arg(argIn1), tileIn1)
	MOVQ(Arg(argWeights), tileWeights)
	MOVQ(Arg(argOffsets), tileOffsets)
	MOVQ(Arg(argTaps), tileTaps)
	t.loop(step)
	if t.runs {
		t.pause()
	}
	finish()
	if t.runs {
		t.advance()
	}
	VZEROUPPER()
	RET()
}

// loop goes through the taps.
func (t *tile) loop(step func(ic int)) {
	Label("taps")
	t.addresses(t.in, 0)
	if t.soon != nil {
		t.addresses([2]GPPhysical(t.soon), tapsAhead)
	}
	ADDQ(Imm(8), tileOffsets)
	fetches := t.fetches()
	for ic := 0; ic < t.unroll; ic++ {
		if fetches > 0 && ic*fetches%t.unroll == 0 {
			PREFETCHT1(Mem{Base: tileAhead, Disp: 64 * ic * fetches / t.unroll})
		}
		if p := ic / 2; t.soon != nil && ic%2 == 0 && p < t.pixels {
			PREFETCHT0(t.strides.At(t.soon[p/t.half], p%t.half, 0))
		}
		step(ic)
	}
	if fetches > 0 {
		ADDQ(U32(uint32(64*fetches)), tileAhead)
	}
	ADDQ(U32(uint32(t.unroll*rowBytes(t))), tileWeights)
	DECQ(tileTaps)
	JNZ(LabelRef("taps"))
}

// addresses finds the first pixel and the half-th of a tap so many on.
func (t *tile) addresses(to [2]GPPhysical, taps int) {
	MOVQ(Mem{Base: tileOffsets, Disp: 8 * taps}, to[1])
	LEAQ(Mem{Base: tileIn0, Index: to[1], Scale: 1}, to[0])
	if t.pixels > t.half {
		ADDQ(tileIn1, to[1])
	}
}

// fetches is how many cache lines a tap asks for ahead: none where panels have
// few weights.
func (t *tile) fetches() int {
	switch {
	case t.unroll < 16:
		return 0
	case t.runs:
		return 8
	}
	return t.unroll
}

// rowBytes is the size of the weights of one input channel.
func rowBytes(t *tile) int { return t.vectors * t.bytes() }

// bytes is a vector's: a ZMM covers 16 output channels, a YMM 8.
func (t *tile) bytes() int {
	if t.half == 7 {
		return 64
	}
	return 32
}

func (t *tile) weight(ic, v int) Mem {
	return Mem{Base: RDX, Disp: ic*rowBytes(t) + v*t.bytes()}
}

// outputs addresses vector v of a pixel from a pair of bases. With ZMM pixels
// are 64 bytes apart, and the second vector is the next block of 16 channels,
// step bytes away; with YMM pixels are step bytes apart, and the second vector
// is the upper half of the block.
func (t *tile) outputs(base [2]GPPhysical, step GPPhysical, p, v int) Mem {
	m := Mem{Base: base[p/t.half]}
	switch at := p % t.half; {
	case t.bytes() == 32:
		m.Disp = 32 * v
		if at > 0 {
			m.Index, m.Scale = step, uint8(at)
		}
	default:
		m.Disp = 64 * at
		if v == 1 {
			m.Index, m.Scale = step, 1
		}
	}
	return m
}

// outputStep is the argument that outputs needs, of the outputs or of the
// residuals.
func (t *tile) outputStep(block, pixel int) Mem {
	if t.bytes() == 32 {
		return Arg(pixel)
	}
	return Arg(block)
}

// forOutputs visits every vector, the second ones first: where the layer has
// no second block the caller makes it coincide with the first, which then
// overwrites it.
func (t *tile) forOutputs(f func(p, v int)) {
	for v := t.vectors - 1; v >= 0; v-- {
		for p := 0; p < t.pixels; p++ {
			f(p, v)
		}
	}
}

// The temporaries of the epilogue: scale and shift of the two vectors first,
// zero or slope and a product later.
const (
	tmpScale = 0
	tmpShift = 2
)

// epilogue generates act(sum·scale + shift + residual), stored.
func (t *tile) epilogue() {
	base, step := t.in, RSI
	MOVQ(Arg(argScale), base[0])
	MOVQ(Arg(argShift), base[1])
	for v := 0; v < t.vectors; v++ {
		VMOVUPS(Mem{Base: base[0], Disp: v * t.bytes()}, t.tmp[tmpScale+v])
		VMOVUPS(Mem{Base: base[1], Disp: v * t.bytes()}, t.tmp[tmpShift+v])
	}
	var sums []VecPhysical
	t.forOutputs(func(p, v int) {
		VFMADD213PS(t.tmp[tmpShift+v], t.tmp[tmpScale+v], t.sum(p, v))
		sums = append(sums, t.sum(p, v))
	})

	MOVQ(Arg(argRes0), base[0])
	TESTQ(base[0], base[0])
	JZ(LabelRef("activate"))
	MOVQ(Arg(argRes1), base[1])
	MOVQ(t.outputStep(argResBlock, argResPixel), step)
	t.forOutputs(func(p, v int) { VADDPS(t.outputs(base, step, p, v), t.sum(p, v), t.sum(p, v)) })

	Label("activate")
	act, factor := RDI, t.tmp[:1]
	MOVQ(Arg(argAct), act)
	Activation{
		Number: act, Values: sums, Zero: factor, Slope: factor, Scaled: t.tmp[1:2],
		SetZero: func() { t.clear(factor[0]) }, SetSlope: func() { VBROADCASTSS(Arg(argSlope), factor[0]) },
	}.Generate()
	MOVQ(Arg(argOut0), base[0])
	MOVQ(Arg(argOut1), base[1])
	MOVQ(t.outputStep(argOutBlock, argOutPixel), step)
	t.forOutputs(func(p, v int) { VMOVUPS(t.sum(p, v), t.outputs(base, step, p, v)) })
}

// clear zeroes a register.
func (t *tile) clear(r VecPhysical) {
	if t.bytes() == 64 {
		VPXORD(r, r, r)
	} else {
		VXORPS(r, r, r)
	}
}

// zero clears the accumulators.
func (t *tile) zero() {
	for i := range t.vectors * t.pixels {
		t.clear(t.sums[i])
	}
}

// sum is the accumulator of vector v of a pixel.
func (t *tile) sum(p, v int) VecPhysical { return t.sums[t.perPixel*p+v] }
