//go:build amd64 && !noasm

package kernel

import "unsafe"

// tile runs the assembly for a tile of 1 to shapeOf(isa).pixels pixels; wide
// takes 16 channels a tap, otherwise it is one. The switches keep the calls
// static, so that the arguments stay on the stack.
func tile(isa ISA, a *tileArgs, pixels int, wide bool) {
	p := (*byte)(unsafe.Pointer(a))
	switch {
	case isa == AVX512 && wide:
		tile512Wide(p, pixels)
	case isa == AVX512:
		tile512Narrow(p, pixels)
	case wide:
		tile256Wide(p, pixels)
	default:
		tile256Narrow(p, pixels)
	}
}

// maxPoolRow runs the assembly for a row of a max pool.
func maxPoolRow(isa ISA, a *poolArgs) {
	p := (*byte)(unsafe.Pointer(a))
	if isa == AVX512 {
		maxpool512(p)
	} else {
		maxpool256(p)
	}
}

func tile512Wide(a *byte, pixels int) {
	switch pixels {
	case 1:
		tile512x1u16(a)
	case 2:
		tile512x2u16(a)
	case 3:
		tile512x3u16(a)
	case 4:
		tile512x4u16(a)
	case 5:
		tile512x5u16(a)
	case 6:
		tile512x6u16(a)
	case 7:
		tile512x7u16(a)
	case 8:
		tile512x8u16(a)
	case 9:
		tile512x9u16(a)
	case 10:
		tile512x10u16(a)
	case 11:
		tile512x11u16(a)
	case 12:
		tile512x12u16(a)
	case 13:
		tile512x13u16(a)
	case 14:
		tile512x14u16(a)
	}
}

func tile512Narrow(a *byte, pixels int) {
	switch pixels {
	case 1:
		tile512x1u1(a)
	case 2:
		tile512x2u1(a)
	case 3:
		tile512x3u1(a)
	case 4:
		tile512x4u1(a)
	case 5:
		tile512x5u1(a)
	case 6:
		tile512x6u1(a)
	case 7:
		tile512x7u1(a)
	case 8:
		tile512x8u1(a)
	case 9:
		tile512x9u1(a)
	case 10:
		tile512x10u1(a)
	case 11:
		tile512x11u1(a)
	case 12:
		tile512x12u1(a)
	case 13:
		tile512x13u1(a)
	case 14:
		tile512x14u1(a)
	}
}

func tile256Wide(a *byte, pixels int) {
	switch pixels {
	case 1:
		tile256x1u16(a)
	case 2:
		tile256x2u16(a)
	case 3:
		tile256x3u16(a)
	case 4:
		tile256x4u16(a)
	case 5:
		tile256x5u16(a)
	case 6:
		tile256x6u16(a)
	}
}

func tile256Narrow(a *byte, pixels int) {
	switch pixels {
	case 1:
		tile256x1u1(a)
	case 2:
		tile256x2u1(a)
	case 3:
		tile256x3u1(a)
	case 4:
		tile256x4u1(a)
	case 5:
		tile256x5u1(a)
	case 6:
		tile256x6u1(a)
	}
}

// winogradInput runs the input transform's assembly on 16 channels.
func winogradInput(isa ISA, a winogradArgs) {
	p := (*byte)(unsafe.Pointer(&a))
	if isa == AVX512 {
		winogradInput512(p)
		return
	}
	winogradInput256(p)
	a.in, a.out = unsafe.Add(a.in, halfBlock), unsafe.Add(a.out, halfBlock)
	winogradInput256(p)
}

// winogradOutput runs the output transform's assembly on 16 channels.
func winogradOutput(isa ISA, a winogradArgs) {
	p := (*byte)(unsafe.Pointer(&a))
	if isa == AVX512 {
		winogradOutput512(p)
		return
	}
	winogradOutput256(p)
	a.in, a.out = unsafe.Add(a.in, halfBlock), unsafe.Add(a.out, halfBlock)
	a.scale, a.shift = unsafe.Add(a.scale, halfBlock), unsafe.Add(a.shift, halfBlock)
	if a.residual != nil {
		a.residual = unsafe.Add(a.residual, halfBlock)
	}
	winogradOutput256(p)
}

// halfBlock is the bytes of 8 channels.
const halfBlock = 32
