package kernel

import (
	"os"

	"github.com/pkg/errors"
)

// ISA is a set of kernels. Larger ones are faster where the CPU has them.
type ISA uint8

// The instruction sets that have kernels of their own.
const (
	Generic ISA = iota // portable Go
	AVX2               // AVX2 and FMA
	AVX512             // AVX-512 F, DQ, BW and VL
)

var isaNames = [...]string{"generic", "avx2", "avx512"}

// String is the name that VERTEBRA_ISA takes.
func (i ISA) String() string { return isaNames[i] }

// active is what new kernels use.
var active = detect()

// Active is the instruction set that new kernels use: the best this CPU has,
// or what the environment variable VERTEBRA_ISA names (generic, avx2, avx512)
// where the CPU has that.
func Active() ISA { return active }

// Use makes new kernels use an instruction set, for tests. Kernels that exist
// keep theirs. It is not safe beside other goroutines that make kernels.
func Use(i ISA) error {
	if i > best() {
		return errors.Errorf("this CPU has no %v", i)
	}
	active = i
	return nil
}

func detect() ISA {
	name := os.Getenv("VERTEBRA_ISA")
	for i, n := range isaNames {
		if n == name && ISA(i) <= best() {
			return ISA(i)
		}
	}
	return best()
}

// Pretend makes new kernels those of an instruction set that this CPU may lack,
// so that what is planned for it can be seen anywhere; they must not run. It
// reports whether this build has that instruction set's assembly.
func Pretend(i ISA) bool {
	if i > compiled {
		return false
	}
	active = i
	return true
}

// Best is the best instruction set of this CPU that there is assembly for.
func Best() ISA { return best() }

// Blocked reports whether there are kernels for blocked layouts.
func Blocked() bool { return active != Generic }
