// Package gemm is gonum's matrix multiplication in pieces that stay on the
// calling goroutine: what portable kernels multiply with.
package gemm
