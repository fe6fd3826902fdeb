//go:build amd64 && !noasm

package stem

import "github.com/vertebra-vision/vertebra/internal/kernel"

// table announces the room's assembly.
var table = kernel.Routines{
	{Name: "columns", ISA: kernel.AVX2, Precision: kernel.FP32, Code: stemColumns256},
	{Name: "pixels", ISA: kernel.AVX2, Precision: kernel.FP32, Code: stemPixels256},
	{Name: "row", ISA: kernel.AVX2, Precision: kernel.FP32, Code: stemRow256},
	{Name: "products", ISA: kernel.AVX2, Precision: kernel.FP32, Code: stemProducts256},
	{Name: "output", ISA: kernel.AVX2, Precision: kernel.FP32, Code: stemOutput256},
	{Name: "columns", ISA: kernel.AVX512, Precision: kernel.FP32, Code: stemColumns512},
	{Name: "row", ISA: kernel.AVX512, Precision: kernel.FP32, Code: stemRow512},
	{Name: "products", ISA: kernel.AVX512, Precision: kernel.FP32, Code: stemProducts512},
	{Name: "output", ISA: kernel.AVX512, Precision: kernel.FP32, Code: stemOutput512},
}
