//go:build amd64 && !noasm

package strassen

import "github.com/vertebra-vision/vertebra/internal/kernel"

// table announces the room's assembly.
var table = kernel.Routines{
	{Name: "input", ISA: kernel.AVX2, Precision: kernel.FP32, Code: strassenInput256},
	{Name: "inputPair", ISA: kernel.AVX2, Precision: kernel.FP32, Code: strassenInputPair256},
	{Name: "output", ISA: kernel.AVX2, Precision: kernel.FP32, Code: strassenOutput256},
	{Name: "input", ISA: kernel.AVX512, Precision: kernel.FP32, Code: strassenInput512},
	{Name: "inputPair", ISA: kernel.AVX512, Precision: kernel.FP32, Code: strassenInputPair512},
	{Name: "output", ISA: kernel.AVX512, Precision: kernel.FP32, Code: strassenOutput512},
}
