//go:build amd64 && !noasm

package jpeg

import "github.com/vertebra-vision/vertebra/internal/kernel"

// table announces the room's assembly: all of it or nothing is on an instruction
// set.
var table = kernel.Routines{
	{Name: "idct8", ISA: kernel.AVX2, Precision: kernel.Integer, Code: idct8Pair},
	{Name: "idct4", ISA: kernel.AVX2, Precision: kernel.Integer, Code: idct4Pair},
	{Name: "idct2", ISA: kernel.AVX2, Precision: kernel.Integer, Code: idct2Pair},
	{Name: "across", ISA: kernel.AVX2, Precision: kernel.Integer, Code: rowAcross256},
	{Name: "down", ISA: kernel.AVX2, Precision: kernel.Integer, Code: rowDown256},
	{Name: "both", ISA: kernel.AVX2, Precision: kernel.Integer, Code: rowBoth256},
	{Name: "ycc", ISA: kernel.AVX2, Precision: kernel.Integer, Code: yccToRGB256},
	{Name: "interleave", ISA: kernel.AVX2, Precision: kernel.Integer, Code: interleave256},
}
