package kernel

import "math"

// Finite reports whether none of the values is NaN or infinite: these, and no
// others, have an exponent of ones, which carries into the sign when one is added.
func Finite(x []float32) bool {
	const magnitude, exponent, carry = 1<<31 - 1, 1 << 23, 1 << 31
	carries := func(v float32) uint32 { return math.Float32bits(v)&magnitude + exponent }
	var a, b, c, d uint32
	for ; len(x) >= 8; x = x[8:] {
		v := x[:8:8]
		a |= carries(v[0]) | carries(v[4])
		b |= carries(v[1]) | carries(v[5])
		c |= carries(v[2]) | carries(v[6])
		d |= carries(v[3]) | carries(v[7])
	}
	for _, v := range x {
		a |= carries(v)
	}
	return (a|b|c|d)&carry == 0
}
