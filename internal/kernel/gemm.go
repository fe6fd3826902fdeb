package kernel

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
)

// matrix views a slice as a row-major matrix.
func matrix(data []float32, rows, cols, stride int) blas32.General {
	return blas32.General{Rows: rows, Cols: cols, Stride: stride, Data: data}
}

// Blocks of this size keep gonum's GEMM on the calling goroutine: it starts
// goroutines of its own from four blocks of 64x64, and the engine already
// splits the work.
const (
	gemmRows = 64
	gemmCols = 192
)

// gemm computes c = a·b.
func gemm(c, a, b blas32.General) {
	blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, a, b, 0, c)
}

// gemmTransposed computes c = a·bᵀ.
func gemmTransposed(c, a, b blas32.General) {
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, a, b, 0, c)
}
