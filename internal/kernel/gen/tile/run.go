package tile

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"

	. "github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
)

// A run is a loop over tiles that lie side by side, in some rows, and over a part
// of the taps: deep panels are cut into parts whose weights stay in a cache
// while all tiles pass over them. Between parts the sums of the tiles lie in
// memory.

// resume clears the accumulators, or loads the sums of the parts before.
func (t *tile) resume() {
	CMPQ(Arg(argResume), Imm(0))
	JNE(LabelRef("resume"))
	t.zero()
	JMP(LabelRef("begun"))
	Label("resume")
	MOVQ(Arg(argSums), t.in[0])
	t.forOutputs(func(p, v int) { VMOVUPS(t.paused(p, v), t.sum(p, v)) })
	Label("begun")
}

// pause stores the sums where parts are still to come.
func (t *tile) pause() {
	CMPQ(Arg(argPause), Imm(0))
	JEQ(LabelRef("finish"))
	MOVQ(Arg(argSums), t.in[0])
	t.forOutputs(func(p, v int) { VMOVUPS(t.sum(p, v), t.paused(p, v)) })
	JMP(LabelRef("advance"))
	Label("finish")
}

// paused is where vector v of a pixel's sums lies.
func (t *tile) paused(p, v int) Mem {
	return Mem{Base: t.in[0], Disp: 64*p + 32*v}
}

// fetchOutputs asks for what the epilogue will read and write.
func (t *tile) fetchOutputs() {
	CMPQ(Arg(argPause), Imm(0))
	JNE(LabelRef("fetched"))
	base, step := t.in, RSI
	MOVQ(Arg(argOut0), base[0])
	MOVQ(Arg(argOut1), base[1])
	MOVQ(Arg(argOutPixel), step)
	for p := 0; p < t.pixels; p++ {
		PREFETCHT0(t.outputs(base, step, p, 0))
	}
	MOVQ(Arg(argRes0), base[0])
	TESTQ(base[0], base[0])
	JZ(LabelRef("fetched"))
	MOVQ(Arg(argRes1), base[1])
	MOVQ(Arg(argResPixel), step)
	for p := 0; p < t.pixels; p++ {
		PREFETCHT0(t.outputs(base, step, p, 0))
	}
	Label("fetched")
}

// advance goes on to the next tile of the run, or to the next row, if there is
// one: after the last, pointers must not leave what they point into. What is
// asked for ahead begins again with the weights in use, which are there.
func (t *tile) advance() {
	Label("advance")
	CMPQ(tileAhead, Arg(argAheadEnd))
	JB(LabelRef("more"))
	MOVQ(Arg(argWeights), tileAhead)
	Label("more")
	DECQ(Arg(argCount))
	JZ(LabelRef("row"))
	t.move(argInStep, argOutStep, argResStep)
	Label("row")
	DECQ(Arg(argRows))
	JZ(LabelRef("done"))
	MOVQ(Arg(argPerRow), tileIn0)
	MOVQ(tileIn0, Arg(argCount))
	t.move(argRowIn, argRowOut, argRowRes)
	Label("done")
	MOVQ(tileAhead, Arg(argAhead))
}

// move goes on by some bytes in the input, the output and the residual.
func (t *tile) move(in, out, res int) {
	for _, by := range []struct{ step, first, second int }{
		{in, argIn0, argIn1}, {out, argOut0, argOut1}, {res, argRes0, argRes1},
	} {
		MOVQ(Arg(by.step), tileIn0)
		ADDQ(tileIn0, Arg(by.first))
		ADDQ(tileIn0, Arg(by.second))
	}
	ADDQ(U32(uint32(64*t.pixels)), Arg(argSums))
	JMP(LabelRef("tile"))
}
