package kernel

import "unsafe"

// finiteChunk is how many values a step of Finite takes: a matrix of dotRows
// rows.
const finiteChunk = dotRows * len(zeros)

// zeros are the vector that the rows are multiplied with.
var zeros [256]float32

// Finite reports whether none of the values is NaN or infinite. Their products
// with zero have the sum zero then and NaN otherwise, and products are what the
// machine is fast at.
func Finite(x []float32) bool {
	if active != Generic {
		for ; len(x) >= finiteChunk; x = x[finiteChunk:] {
			var sums [dotRows]float32
			dot(&dotArgs{unsafe.Pointer(&zeros), pointer(x, 0), 4 * len(zeros), len(zeros), unsafe.Pointer(&sums)})
			if sums != [dotRows]float32{} {
				return false
			}
		}
	}
	var a, b, c, d float32
	for ; len(x) >= 8; x = x[8:] {
		v := x[:8:8]
		a, b, c, d = a+v[0]*0, b+v[1]*0, c+v[2]*0, d+v[3]*0
		a, b, c, d = a+v[4]*0, b+v[5]*0, c+v[6]*0, d+v[7]*0
	}
	for _, v := range x {
		a += v * 0
	}
	return a+b+c+d == 0
}
