package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// sevenfold addresses up to 7 things that are a step apart.
type sevenfold struct{ step, step3, step5 GPPhysical }

// load finds the multiples of a step.
func (s sevenfold) load(step Mem) {
	MOVQ(step, s.step)
	s.multiples()
}

// multiples finds those of a step that was changed.
func (s sevenfold) multiples() {
	LEAQ(Mem{Base: s.step, Index: s.step, Scale: 2}, s.step3)
	LEAQ(Mem{Base: s.step, Index: s.step, Scale: 4}, s.step5)
}

// at is the i-th of them from a base on.
func (s sevenfold) at(base Register, i, disp int) Mem {
	m := (&tile{s: s.step, s3: s.step3, s5: s.step5}).strided(i)
	m.Base, m.Disp = base, disp
	return m
}
