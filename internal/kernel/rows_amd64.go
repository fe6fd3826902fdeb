//go:build amd64 && !noasm

package kernel

import "unsafe"

func mapRow(isa ISA, a *mapArgs) {
	p := (*byte)(unsafe.Pointer(a))
	if isa == AVX512 {
		mapRow512(p)
	} else {
		mapRow256(p)
	}
}

func blendRow(isa ISA, a *blendArgs) {
	p := (*byte)(unsafe.Pointer(a))
	if isa == AVX512 {
		blendRow512(p)
	} else {
		blendRow256(p)
	}
}

func momentsRow(isa ISA, a *momentArgs) {
	p := (*byte)(unsafe.Pointer(a))
	if isa == AVX512 {
		momentsRow512(p)
	} else {
		momentsRow256(p)
	}
}

func transpose(a *transposeArgs) { transpose8x8((*byte)(unsafe.Pointer(a))) }
