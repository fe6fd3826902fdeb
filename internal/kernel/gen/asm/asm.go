// Package asm is what the generators of several rooms have in common.
package asm

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// YMMs and ZMMs are the registers of each width.
var (
	YMMs = []VecPhysical{Y0, Y1, Y2, Y3, Y4, Y5, Y6, Y7, Y8, Y9, Y10, Y11, Y12, Y13, Y14, Y15}
	ZMMs = []VecPhysical{Z0, Z1, Z2, Z3, Z4, Z5, Z6, Z7, Z8, Z9, Z10, Z11, Z12, Z13, Z14, Z15,
		Z16, Z17, Z18, Z19, Z20, Z21, Z22, Z23, Z24, Z25, Z26, Z27, Z28, Z29, Z30, Z31}
)

// Begin starts an assembly function on a pointer to its arguments. avo does
// not know their type; kernel.Call converts the pointer.
func Begin(format string, args ...any) {
	TEXT(fmt.Sprintf(format, args...), NOSPLIT|NOFRAME, "func(a *byte)")
	Pragma("noescape")
	Load(Param("a"), RAX)
}

// Arg is the argument at an offset.
func Arg(offset int) Mem { return Mem{Base: RAX, Disp: offset} }

// Lanes are the registers and width that a function works in: the 16 channels of
// a pixel at once in ZMM, 8 in YMM.
type Lanes struct {
	Bytes int
	R     []VecPhysical
}

// The lanes of the instruction sets.
var (
	AVX512 = Lanes{64, ZMMs}
	AVX2   = Lanes{32, YMMs}
)

// Halves are the vectors of a pixel.
func (l Lanes) Halves() int { return 64 / l.Bytes }

// Vec is the i-th variable of a pixel: register 2i or 2i and 2i+1.
func (l Lanes) Vec(i int) []VecPhysical { return l.R[2*i : 2*i+l.Halves()] }

// Of is the h-th vector of a pixel in memory.
func (l Lanes) Of(base Register, h int) Mem { return Mem{Base: base, Disp: h * l.Bytes} }

// Broadcast puts numbers into registers, as their bits: avo prints a whole F32 as
// an integer.
func (l Lanes) Broadcast(name string, to []VecPhysical, numbers []int) {
	for i, x := range numbers {
		VBROADCASTSS(ConstData(fmt.Sprintf("%sx%d", name, x), U32(math.Float32bits(float32(x)))), to[i])
	}
}
