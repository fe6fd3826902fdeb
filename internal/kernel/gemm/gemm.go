package gemm

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// Matrix views a slice as a row-major matrix.
func Matrix(data []float32, rows, cols, stride int) blas32.General {
	return blas32.General{Rows: rows, Cols: cols, Stride: stride, Data: data}
}

// Products of this size keep gonum's GEMM on the calling goroutine: it starts
// goroutines of its own from four blocks of 64x64, and the engine already
// splits the work.
const (
	Rows = 64
	Cols = 192
)

// Multiply computes c = a·b.
func Multiply(c, a, b blas32.General) {
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, a, b, 0, c)
}

// MultiplyTransposed computes c = a·bᵀ.
func MultiplyTransposed(c, a, b blas32.General) {
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, a, b, 0, c)
}
