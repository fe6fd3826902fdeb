package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Offsets of the fields of kernel.tileArgs.
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
// a panel of output channels, one or two vectors wide: for every tap of the window, `unroll` input
// channels a pixel are broadcast and multiplied with a row of weights each.
//
// Pixels before `half` are addressed from in0, the others from in1, so that a
// tile may span two rows. A pixel's address is a base plus up to six strides,
// in one addressing mode from the registers s, 3s and 5s.
//
// Meanwhile it asks for the memory from ahead on, a cache line for each input
// channel: the weights that the next panel will need.
type tile struct {
	pixels, half, unroll int
	vectors              int // of weights; accumulators are pixels × vectors
	in                   [2]GPPhysical
	s, s3, s5            GPPhysical
	// soon holds the addresses of a tap some ahead, whose pixels are fetched.
	soon []GPPhysical
	// runs makes a loop over tiles that lie side by side.
	runs bool
}

// tapsAhead is how many taps ahead pixels are fetched.
const tapsAhead = 4

func newTile(pixels, half, vectors, unroll int) *tile {
	return &tile{pixels: pixels, half: half, unroll: unroll, vectors: vectors,
		in: [2]GPPhysical{R11, R12}, s: R8, s3: R9, s5: R10}
}

func arg(offset int) Mem { return Mem{Base: RAX, Disp: offset} }

// pixel is the address of channel ic of a pixel.
func (t *tile) pixel(p, ic int) Mem {
	m := t.strided(p % t.half)
	m.Base, m.Disp = t.in[p/t.half], 4*ic
	return m
}

// strided is an address p pixels from where it shall begin.
func (t *tile) strided(p int) (m Mem) {
	switch p {
	case 1:
		m.Index, m.Scale = t.s, 1
	case 2:
		m.Index, m.Scale = t.s, 2
	case 3:
		m.Index, m.Scale = t.s3, 1
	case 4:
		m.Index, m.Scale = t.s, 4
	case 5:
		m.Index, m.Scale = t.s5, 1
	case 6:
		m.Index, m.Scale = t.s3, 2
	}
	return m
}

// Registers of the loops.
var (
	tileIn0     = RBX
	tileIn1     = RCX
	tileWeights = RDX
	tileOffsets = RSI
	tileTaps    = RDI
	tileAhead   = R13
)

// body computes the tiles: zero clears the accumulators, step makes the
// multiplications of one channel, finish stores.
func (t *tile) body(zero func(), step func(ic int), finish func()) {
	MOVQ(arg(argStride), t.s)
	LEAQ(Mem{Base: t.s, Index: t.s, Scale: 2}, t.s3)
	LEAQ(Mem{Base: t.s, Index: t.s, Scale: 4}, t.s5)
	MOVQ(arg(argAhead), tileAhead)
	if t.runs {
		Label("tile")
		t.resume(zero)
		t.fetchOutputs()
	} else {
		zero()
	}
	MOVQ(arg(argIn0), tileIn0)
	MOVQ(arg(argIn1), tileIn1)
	MOVQ(arg(argWeights), tileWeights)
	MOVQ(arg(argOffsets), tileOffsets)
	MOVQ(arg(argTaps), tileTaps)
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
			m := t.strided(p % t.half)
			m.Base = t.soon[p/t.half]
			PREFETCHT0(m)
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
		return arg(pixel)
	}
	return arg(block)
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

// epilogue is act(sum·scale + shift + residual), stored. load, fma, add, max,
// mul and store are the vector width's instructions on accumulators.
type vectorOps struct {
	load      func(m Mem, tmp int)
	broadcast func(m Mem, tmp int)
	zero      func(tmp int)
	affine    func(p, v int)
	addMem    func(m Mem, p, v int)
	maxTmp    func(p, v, tmp int)
	mulTmp    func(p, v, tmp, dst int)
	store     func(p, v int, m Mem)
}

// The temporaries of the epilogue: scale and shift of the two vectors first,
// zero or slope and a product later.
const (
	tmpScale0 = iota
	tmpScale1
	tmpShift0
	tmpShift1
)

func (t *tile) epilogue(o vectorOps) {
	base, step := t.in, RSI
	MOVQ(arg(argScale), base[0])
	MOVQ(arg(argShift), base[1])
	for v := 0; v < t.vectors; v++ {
		o.load(Mem{Base: base[0], Disp: v * t.bytes()}, tmpScale0+v)
		o.load(Mem{Base: base[1], Disp: v * t.bytes()}, tmpShift0+v)
	}
	t.forOutputs(o.affine)

	MOVQ(arg(argRes0), base[0])
	TESTQ(base[0], base[0])
	JZ(LabelRef("activate"))
	MOVQ(arg(argRes1), base[1])
	MOVQ(t.outputStep(argResBlock, argResPixel), step)
	t.forOutputs(func(p, v int) { o.addMem(t.outputs(base, step, p, v), p, v) })

	Label("activate")
	act := RDI
	MOVQ(arg(argAct), act)
	CMPQ(act, Imm(1))
	JB(LabelRef("store"))
	JA(LabelRef("leaky"))
	o.zero(0)
	t.forOutputs(func(p, v int) { o.maxTmp(p, v, 0) })
	JMP(LabelRef("store"))
	Label("leaky")
	o.broadcast(arg(argSlope), 0)
	t.forOutputs(func(p, v int) {
		o.mulTmp(p, v, 0, 1)
		o.maxTmp(p, v, 1)
	})

	Label("store")
	MOVQ(arg(argOut0), base[0])
	MOVQ(arg(argOut1), base[1])
	MOVQ(t.outputStep(argOutBlock, argOutPixel), step)
	t.forOutputs(func(p, v int) { o.store(p, v, t.outputs(base, step, p, v)) })
}

// function starts an assembly function on a *tileArgs. avo does not know the
// type; the Go side converts the pointer.
func function(format string, args ...any) {
	TEXT(fmt.Sprintf(format, args...), NOSPLIT|NOFRAME, "func(a *byte)")
	Pragma("noescape")
	Load(Param("a"), RAX)
}
