//go:build !amd64 || noasm

package kernel

func peakRows(ISA, *peakArgs) { panic("kernel: no assembly on this platform") }
