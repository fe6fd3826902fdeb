//go:build amd64 && !noasm

package kernel

import "golang.org/x/sys/cpu"

// compiled is the best instruction set that there is assembly for.
const compiled = AVX512

// best is the best instruction set of this CPU.
func best() ISA {
	switch x := cpu.X86; {
	case x.HasAVX512F && x.HasAVX512DQ && x.HasAVX512BW && x.HasAVX512VL:
		return AVX512
	case x.HasAVX2 && x.HasFMA:
		return AVX2
	}
	return Generic
}
