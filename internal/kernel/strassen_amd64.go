//go:build amd64 && !noasm

package kernel

import "unsafe"

// transform runs the input transform's assembly.
func (a strassenInput) transform(isa ISA) {
	p := (*byte)(unsafe.Pointer(&a))
	switch paired := a.sign != 0; {
	case isa == AVX512 && paired:
		strassenInputPair512(p)
	case isa == AVX512:
		strassenInput512(p)
	case paired:
		strassenInputPair256(p)
	default:
		strassenInput256(p)
	}
}

// transform runs the output transform's assembly.
func (a strassenOutput) transform(isa ISA) {
	p := (*byte)(unsafe.Pointer(&a))
	if isa == AVX512 {
		strassenOutput512(p)
	} else {
		strassenOutput256(p)
	}
}
