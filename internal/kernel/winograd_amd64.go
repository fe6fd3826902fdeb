//go:build amd64 && !noasm

package kernel

import "unsafe"

// winogradInput runs the input transform's assembly on 16 channels.
func winogradInput(isa ISA, outputs int, a winogradArgs) {
	p := (*byte)(unsafe.Pointer(&a))
	switch {
	case isa == AVX512 && outputs == 4:
		winograd4Input512(p)
	case isa == AVX512:
		winograd2Input512(p)
	case outputs == 4:
		winograd4Input256(p)
		a.secondHalf()
		winograd4Input256(p)
	default:
		winograd2Input256(p)
		a.secondHalf()
		winograd2Input256(p)
	}
}

// winogradOutput runs the output transform's assembly on 16 channels.
func winogradOutput(isa ISA, outputs int, a winogradArgs) {
	p := (*byte)(unsafe.Pointer(&a))
	switch {
	case isa == AVX512 && outputs == 4:
		winograd4Output512(p)
	case isa == AVX512:
		winograd2Output512(p)
	case outputs == 4:
		winograd4Output256(p)
		a.secondHalf()
		winograd4Output256(p)
	default:
		winograd2Output256(p)
		a.secondHalf()
		winograd2Output256(p)
	}
}

// secondHalf moves on by 8 channels.
func (a *winogradArgs) secondHalf() {
	const bytes = 4 * Block / 2
	for _, p := range []*unsafe.Pointer{&a.in, &a.out, &a.scale, &a.shift, &a.residual} {
		if *p != nil {
			*p = unsafe.Add(*p, bytes)
		}
	}
}
