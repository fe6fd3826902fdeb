//go:build amd64 && !noasm

package peak

import "github.com/vertebra-vision/vertebra/internal/kernel"

// table announces the room's assembly.
var table = kernel.Routines{
	{Name: "multiplyAdds", ISA: kernel.AVX2, Precision: kernel.FP32, Code: peak256},
	{Name: "multiplyAdds", ISA: kernel.AVX512, Precision: kernel.FP32, Code: peak512},
}
