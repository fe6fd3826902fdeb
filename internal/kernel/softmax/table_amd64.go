//go:build amd64 && !noasm

package softmax

import "github.com/vertebra-vision/vertebra/internal/kernel"

// table announces the room's assembly.
var table = kernel.Routines{
	{Name: "maxima", ISA: kernel.AVX2, Precision: kernel.FP32, Code: softmaxTop},
	{Name: "exponentials", ISA: kernel.AVX2, Precision: kernel.FP32, Code: softmaxExp},
	{Name: "quotients", ISA: kernel.AVX2, Precision: kernel.FP32, Code: softmaxDivide},
}
