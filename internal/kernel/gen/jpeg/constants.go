// Package jpeg generates the assembly of internal/jpeg, in AVX2.
package jpeg

import (
	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"

	"github.com/vertebra-vision/vertebra/internal/kernel/gen/asm"
)

var y = asm.YMMs

// pairs declares a vector of two 16-bit numbers in turns.
func pairs(name string, a, b int) Mem {
	m := GLOBL(name, attr.RODATA|attr.NOPTR)
	for i := 0; i < 32; i += 4 {
		DATA(i, U32(uint32(uint16(a))|uint32(uint16(b))<<16))
	}
	return m
}

// doubles declares a vector of one 32-bit number.
func doubles(name string, v int) Mem {
	m := GLOBL(name, attr.RODATA|attr.NOPTR)
	for i := 0; i < 32; i += 4 {
		DATA(i, U32(uint32(v)))
	}
	return m
}

// octets declares a vector of two bytes in turns.
func octets(name string, a, b int) Mem {
	return pairs(name, a|b<<8, a|b<<8)
}
