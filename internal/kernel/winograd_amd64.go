//go:build amd64 && !noasm

package kernel

import "unsafe"

// winogradInput runs the input transform's assembly on 16 channels.
func winogradInput(isa ISA, outputs int, a winogradArgs) {
	p := (*byte)(unsafe.Pointer(&a))
	if isa == AVX512 {
		switch outputs {
		case 2:
			winograd2Input512(p)
		case 3:
			winograd3Input512(p)
		case 4:
			winograd4Input512(p)
		case 6:
			winograd6Input512(p)
		}
		return
	}
	for half := range 2 {
		if half > 0 {
			a.secondHalf()
		}
		switch outputs {
		case 2:
			winograd2Input256(p)
		case 3:
			winograd3Input256(p)
		case 4:
			winograd4Input256(p)
		case 6:
			winograd6Input256(p)
		}
	}
}

// winogradOutput runs the output transform's assembly on 16 channels.
func winogradOutput(isa ISA, outputs int, a winogradArgs) {
	p := (*byte)(unsafe.Pointer(&a))
	if isa == AVX512 {
		switch outputs {
		case 2:
			winograd2Output512(p)
		case 3:
			winograd3Output512(p)
		case 4:
			winograd4Output512(p)
		case 6:
			winograd6Output512(p)
		}
		return
	}
	for half := range 2 {
		if half > 0 {
			a.secondHalf()
		}
		switch outputs {
		case 2:
			winograd2Output256(p)
		case 3:
			winograd3Output256(p)
		case 4:
			winograd4Output256(p)
		case 6:
			winograd6Output256(p)
		}
	}
}

// secondHalf moves on by 8 channels. It must not be called after the last: no
// pointer may leave what it points into.
func (a *winogradArgs) secondHalf() {
	const bytes = 4 * Block / 2
	for _, p := range []*unsafe.Pointer{&a.in, &a.out, &a.scale, &a.shift, &a.residual} {
		if *p != nil {
			*p = unsafe.Add(*p, bytes)
		}
	}
	a.ahead += a.pitch - bytes
}
