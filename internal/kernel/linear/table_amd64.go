//go:build amd64 && !noasm

package linear

import "github.com/vertebra-vision/vertebra/internal/kernel"

// table announces the room's assembly.
var table = kernel.Routines{
	{Name: "dotRows4", ISA: kernel.AVX2, Precision: kernel.FP32, Code: dot4},
}
