package kernel

import "unsafe"

// Precision is the numbers that a routine multiplies. Another one is another
// constant here, rows of its own in the rooms' tables, and layouts of its own.
type Precision uint8

// The precisions that have routines.
const (
	FP32    Precision = iota // float32
	Integer                  // pixels: 8 bits, and products in 16 and 32
)

// String names it.
func (p Precision) String() string { return [...]string{"fp32", "integer"}[p] }

// Routine is a function in assembly as its room's table announces it. The zero
// value is none, where portable Go serves.
type Routine struct {
	// Name is what it does, the same on every instruction set.
	Name      string
	ISA       ISA
	Precision Precision
	// Code takes the address of its arguments, which it does not keep.
	Code func(args *byte)
}

// Routines is a room's table. A room announces its assembly there and nowhere
// else.
type Routines []Routine

// Find is the routine of a name for an instruction set: its own, or that of the
// largest below it; the zero value where there is none.
func (t Routines) Find(name string, isa ISA) Routine {
	var best Routine
	for _, r := range t {
		if r.Name == name && r.ISA <= isa && r.ISA > best.ISA {
			best = r
		}
	}
	return best
}

// Call runs a routine on its arguments. That they escape through its pointer to
// code is what the compiler must think, and what assembly does not do; so they
// stay on the stack.
func Call[T any](code func(args *byte), args *T) {
	code((*byte)(hide(unsafe.Pointer(args))))
}

// hide is a pointer whose origin escape analysis does not see. It is a pointer
// before and after, for the collector and for stacks that move.
//
//go:nosplit
func hide(p unsafe.Pointer) unsafe.Pointer {
	x := uintptr(p)
	return *(*unsafe.Pointer)(unsafe.Pointer(&x))
}
