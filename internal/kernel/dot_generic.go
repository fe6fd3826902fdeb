//go:build !amd64 || noasm

package kernel

// Without assembly gonum's GEMM serves, and nothing calls this.

func dot(*dotArgs) { panic("kernel: no assembly on this platform") }
