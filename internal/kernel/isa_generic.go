//go:build !amd64 || noasm

package kernel

// compiled is the best instruction set that there is assembly for.
const compiled = Generic

// best is the best instruction set of this CPU.
func best() ISA { return Generic }
