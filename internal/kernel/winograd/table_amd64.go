//go:build amd64 && !noasm

package winograd

import "github.com/vertebra-vision/vertebra/internal/kernel"

// table announces the room's assembly.
var table = kernel.Routines{
	{Name: F2.input(), ISA: kernel.AVX2, Precision: kernel.FP32, Code: winograd2Input256},
	{Name: F3.input(), ISA: kernel.AVX2, Precision: kernel.FP32, Code: winograd3Input256},
	{Name: F4.input(), ISA: kernel.AVX2, Precision: kernel.FP32, Code: winograd4Input256},
	{Name: F6.input(), ISA: kernel.AVX2, Precision: kernel.FP32, Code: winograd6Input256},
	{Name: F2.input(), ISA: kernel.AVX512, Precision: kernel.FP32, Code: winograd2Input512},
	{Name: F3.input(), ISA: kernel.AVX512, Precision: kernel.FP32, Code: winograd3Input512},
	{Name: F4.input(), ISA: kernel.AVX512, Precision: kernel.FP32, Code: winograd4Input512},
	{Name: F6.input(), ISA: kernel.AVX512, Precision: kernel.FP32, Code: winograd6Input512},
	{Name: F2.output(), ISA: kernel.AVX2, Precision: kernel.FP32, Code: winograd2Output256},
	{Name: F3.output(), ISA: kernel.AVX2, Precision: kernel.FP32, Code: winograd3Output256},
	{Name: F4.output(), ISA: kernel.AVX2, Precision: kernel.FP32, Code: winograd4Output256},
	{Name: F6.output(), ISA: kernel.AVX2, Precision: kernel.FP32, Code: winograd6Output256},
	{Name: F2.output(), ISA: kernel.AVX512, Precision: kernel.FP32, Code: winograd2Output512},
	{Name: F3.output(), ISA: kernel.AVX512, Precision: kernel.FP32, Code: winograd3Output512},
	{Name: F4.output(), ISA: kernel.AVX512, Precision: kernel.FP32, Code: winograd4Output512},
	{Name: F6.output(), ISA: kernel.AVX512, Precision: kernel.FP32, Code: winograd6Output512},
}
