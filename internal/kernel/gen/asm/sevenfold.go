package asm

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Sevenfold addresses up to 7 things that are a step apart, in one addressing
// mode from the registers of a step, three and five.
type Sevenfold struct{ Step, Step3, Step5 GPPhysical }

// Load finds the multiples of a step.
func (s Sevenfold) Load(step Mem) {
	MOVQ(step, s.Step)
	s.Multiples()
}

// Multiples finds those of a step that was changed.
func (s Sevenfold) Multiples() {
	LEAQ(Mem{Base: s.Step, Index: s.Step, Scale: 2}, s.Step3)
	LEAQ(Mem{Base: s.Step, Index: s.Step, Scale: 4}, s.Step5)
}

// At is the i-th of them from a base on.
func (s Sevenfold) At(base Register, i, disp int) Mem {
	m := Mem{Base: base, Disp: disp}
	switch i {
	case 1:
		m.Index, m.Scale = s.Step, 1
	case 2:
		m.Index, m.Scale = s.Step, 2
	case 3:
		m.Index, m.Scale = s.Step3, 1
	case 4:
		m.Index, m.Scale = s.Step, 4
	case 5:
		m.Index, m.Scale = s.Step5, 1
	case 6:
		m.Index, m.Scale = s.Step3, 2
	}
	return m
}
