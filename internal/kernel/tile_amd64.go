//go:build amd64 && !noasm

package kernel

import "unsafe"

// tiles runs the assembly for a run of tiles of up to shape.pixels pixels; wide
// takes 16 channels a tap, otherwise it is one. The switches keep the calls
// static, so that the arguments stay on the stack.
func tiles(shape tileShape, a *tileArgs, r tileRun, wide bool) {
	p := (*byte)(unsafe.Pointer(a))
	if shape.loops {
		a.count, a.perRow, a.rows = r.count, r.count, r.rows
		switch {
		case shape.group == tileFours.group:
			tile256Fours(p, r.pixels)
		case shape.group == tileEights.group:
			tile256Eights(p, r.pixels)
		case wide:
			tile256Wide(p, r.pixels)
		default:
			tile256Stem(p, r.pixels)
		}
		return
	}
	for i := range r.count {
		if i > 0 {
			a.advance()
		}
		switch {
		case shape == tileAVX512 && wide:
			tile512Wide(p, r.pixels)
		case shape == tileAVX512:
			tile512Stem(p, r.pixels)
		case wide:
			tile512NarrowWide(p, r.pixels)
		default:
			tile512NarrowStem(p, r.pixels)
		}
		a.askAhead()
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
		tile512x1c32u16(a)
	case 2:
		tile512x2c32u16(a)
	case 3:
		tile512x3c32u16(a)
	case 4:
		tile512x4c32u16(a)
	case 5:
		tile512x5c32u16(a)
	case 6:
		tile512x6c32u16(a)
	case 7:
		tile512x7c32u16(a)
	case 8:
		tile512x8c32u16(a)
	case 9:
		tile512x9c32u16(a)
	case 10:
		tile512x10c32u16(a)
	case 11:
		tile512x11c32u16(a)
	case 12:
		tile512x12c32u16(a)
	case 13:
		tile512x13c32u16(a)
	case 14:
		tile512x14c32u16(a)
	}
}

func tile512Stem(a *byte, pixels int) {
	switch pixels {
	case 1:
		tile512x1c32u1(a)
	case 2:
		tile512x2c32u1(a)
	case 3:
		tile512x3c32u1(a)
	case 4:
		tile512x4c32u1(a)
	case 5:
		tile512x5c32u1(a)
	case 6:
		tile512x6c32u1(a)
	case 7:
		tile512x7c32u1(a)
	case 8:
		tile512x8c32u1(a)
	case 9:
		tile512x9c32u1(a)
	case 10:
		tile512x10c32u1(a)
	case 11:
		tile512x11c32u1(a)
	case 12:
		tile512x12c32u1(a)
	case 13:
		tile512x13c32u1(a)
	case 14:
		tile512x14c32u1(a)
	}
}

func tile512NarrowWide(a *byte, pixels int) {
	switch pixels {
	case 1:
		tile512x1c16u16(a)
	case 2:
		tile512x2c16u16(a)
	case 3:
		tile512x3c16u16(a)
	case 4:
		tile512x4c16u16(a)
	case 5:
		tile512x5c16u16(a)
	case 6:
		tile512x6c16u16(a)
	case 7:
		tile512x7c16u16(a)
	case 8:
		tile512x8c16u16(a)
	case 9:
		tile512x9c16u16(a)
	case 10:
		tile512x10c16u16(a)
	case 11:
		tile512x11c16u16(a)
	case 12:
		tile512x12c16u16(a)
	case 13:
		tile512x13c16u16(a)
	case 14:
		tile512x14c16u16(a)
	}
}

func tile512NarrowStem(a *byte, pixels int) {
	switch pixels {
	case 1:
		tile512x1c16u1(a)
	case 2:
		tile512x2c16u1(a)
	case 3:
		tile512x3c16u1(a)
	case 4:
		tile512x4c16u1(a)
	case 5:
		tile512x5c16u1(a)
	case 6:
		tile512x6c16u1(a)
	case 7:
		tile512x7c16u1(a)
	case 8:
		tile512x8c16u1(a)
	case 9:
		tile512x9c16u1(a)
	case 10:
		tile512x10c16u1(a)
	case 11:
		tile512x11c16u1(a)
	case 12:
		tile512x12c16u1(a)
	case 13:
		tile512x13c16u1(a)
	case 14:
		tile512x14c16u1(a)
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

func tile256Stem(a *byte, pixels int) {
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

func tile256Fours(a *byte, pixels int) {
	switch pixels {
	case 1:
		fours256x1(a)
	case 2:
		fours256x2(a)
	case 3:
		fours256x3(a)
	case 4:
		fours256x4(a)
	case 5:
		fours256x5(a)
	case 6:
		fours256x6(a)
	}
}

func tile256Eights(a *byte, pixels int) {
	switch pixels {
	case 1:
		eights256x1(a)
	case 2:
		eights256x2(a)
	case 3:
		eights256x3(a)
	case 4:
		eights256x4(a)
	case 5:
		eights256x5(a)
	case 6:
		eights256x6(a)
	}
}
