package asm

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	. "github.com/mmcloughlin/avo/reg"
)

// Activation is an activation function on registers.
type Activation struct {
	// Number is kernel.Act.Number: 0 none, 1 ReLU, 2 LeakyReLU.
	Number Op
	Values []VecPhysical
	// Zero, Slope and Scaled are registers to do it with, of each value or one of
	// all.
	Zero, Slope, Scaled []VecPhysical
	// SetZero and SetSlope fill them where they are needed; nil where they hold
	// theirs.
	SetZero, SetSlope func()
	// Label tells the labels apart from others of the function; nil where it needs
	// not.
	Label func(name string) string
}

// Write generates it. The second source is what VMAXPS returns for a NaN.
func (a Activation) Generate() {
	label := a.Label
	if label == nil {
		label = func(name string) string { return name }
	}
	CMPQ(a.Number, Imm(1))
	JB(LabelRef(label("store")))
	JA(LabelRef(label("leaky")))
	if a.SetZero != nil {
		a.SetZero()
	}
	for i, v := range a.Values {
		VMAXPS(v, of(a.Zero, i), v)
	}
	JMP(LabelRef(label("store")))
	Label(label("leaky"))
	if a.SetSlope != nil {
		a.SetSlope()
	}
	for i, v := range a.Values {
		VMULPS(v, of(a.Slope, i), of(a.Scaled, i))
		VMAXPS(v, of(a.Scaled, i), v)
	}
	Label(label("store"))
}

// of is the register of the i-th value.
func of(list []VecPhysical, i int) VecPhysical { return list[i%len(list)] }
