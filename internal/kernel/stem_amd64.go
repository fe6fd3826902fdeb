//go:build amd64 && !noasm

package kernel

import "unsafe"

// stemColumns transforms the rows of a stretch of tiles in place, downwards.
func stemColumns(isa ISA, a *stemArgs) {
	p := (*byte)(unsafe.Pointer(a))
	if isa == AVX512 {
		stemColumns512(p)
	} else {
		stemColumns256(p)
	}
}

// stemPixels makes pixels of 16 channels of 8 rows with two columns each.
func stemPixels(a *stemArgs) { stemPixels256((*byte)(unsafe.Pointer(a))) }

// stemRow transforms a row of pixels, of tiles that lie side by side.
func stemRow(isa ISA, a *stemArgs) {
	p := (*byte)(unsafe.Pointer(a))
	if isa == AVX512 {
		stemRow512(p)
	} else {
		stemRow256(p)
	}
}

// stemProducts multiplies the items of all positions with a panel's weights.
func stemProducts(isa ISA, a *stemProductArgs) {
	p := (*byte)(unsafe.Pointer(a))
	if isa == AVX512 {
		stemProducts512(p)
	} else {
		stemProducts256(p)
	}
}

// stemOutput transforms the products of tiles that lie side by side.
func stemOutput(isa ISA, a *stemOutputArgs) {
	p := (*byte)(unsafe.Pointer(a))
	if isa == AVX512 {
		stemOutput512(p)
	} else {
		stemOutput256(p)
	}
}
