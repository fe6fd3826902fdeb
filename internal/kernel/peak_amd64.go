//go:build amd64 && !noasm

package kernel

import "unsafe"

func peakRows(isa ISA, a *peakArgs) {
	p := (*byte)(unsafe.Pointer(a))
	if isa == AVX512 {
		peak512(p)
	} else {
		peak256(p)
	}
}
