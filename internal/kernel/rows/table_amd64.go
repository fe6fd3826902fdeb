//go:build amd64 && !noasm

package rows

import "github.com/vertebra-vision/vertebra/internal/kernel"

// table announces the room's assembly.
var table = kernel.Routines{
	{Name: mapRow, ISA: kernel.AVX2, Precision: kernel.FP32, Code: mapRow256},
	{Name: mapRow, ISA: kernel.AVX512, Precision: kernel.FP32, Code: mapRow512},
	{Name: blendRow, ISA: kernel.AVX2, Precision: kernel.FP32, Code: blendRow256},
	{Name: blendRow, ISA: kernel.AVX512, Precision: kernel.FP32, Code: blendRow512},
	{Name: momentsRow, ISA: kernel.AVX2, Precision: kernel.FP32, Code: momentsRow256},
	{Name: momentsRow, ISA: kernel.AVX512, Precision: kernel.FP32, Code: momentsRow512},
}
