//go:build amd64 && !noasm

package pool

import "github.com/vertebra-vision/vertebra/internal/kernel"

// table announces the room's assembly.
var table = kernel.Routines{
	{Name: maxRow, ISA: kernel.AVX2, Precision: kernel.FP32, Code: maxpool256},
	{Name: maxRow, ISA: kernel.AVX512, Precision: kernel.FP32, Code: maxpool512},
}
