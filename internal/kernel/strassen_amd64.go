//go:build amd64 && !noasm

package kernel

import "unsafe"

// transform runs the input transform's assembly on 16 channels a pixel.
func (a strassenInput) transform(isa ISA) {
	p := (*byte)(unsafe.Pointer(&a))
	if isa == AVX512 {
		strassenInput512(p)
		return
	}
	strassenInput256(p)
	a.secondHalf()
	strassenInput256(p)
}

// transform runs the output transform's assembly on 16 channels a pixel.
func (a strassenOutput) transform(isa ISA) {
	p := (*byte)(unsafe.Pointer(&a))
	if isa == AVX512 {
		strassenOutput512(p)
		return
	}
	strassenOutput256(p)
	a.secondHalf()
	strassenOutput256(p)
}

// secondHalf moves on by 8 channels.
func (a *strassenInput) secondHalf() {
	for i := range a.in {
		a.in[i] = unsafe.Add(a.in[i], halfBlock)
	}
	a.v = unsafe.Add(a.v, halfBlock)
}

// secondHalf moves on by 8 channels.
func (a *strassenOutput) secondHalf() {
	a.m = unsafe.Add(a.m, halfBlock)
	for i := range a.out {
		a.out[i] = unsafe.Add(a.out[i], halfBlock)
		if a.residual[i] != nil {
			a.residual[i] = unsafe.Add(a.residual[i], halfBlock)
		}
	}
	for i := range a.scale {
		a.scale[i] = unsafe.Add(a.scale[i], halfBlock)
		a.shift[i] = unsafe.Add(a.shift[i], halfBlock)
	}
}

// halfBlock is the bytes of 8 channels.
const halfBlock = 4 * Block / 2
