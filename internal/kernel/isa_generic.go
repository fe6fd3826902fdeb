//go:build !amd64 || noasm

package kernel

// best is the best instruction set of this CPU.
func best() ISA { return Generic }
