//go:build amd64 && !noasm

package reorder

import "github.com/vertebra-vision/vertebra/internal/kernel"

// table announces the room's assembly.
var table = kernel.Routines{
	{Name: transpose, ISA: kernel.AVX2, Precision: kernel.FP32, Code: transpose8x8},
}
