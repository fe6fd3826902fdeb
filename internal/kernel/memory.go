package kernel

import "unsafe"

const cacheLine = 64

// Aligned returns n zero floats that begin at a cache line. Large ones ask for
// huge pages, which spare the address translation of weights and activations
// that are read once and in order.
func Aligned(n int) []float32 {
	x := make([]float32, n+cacheLine/4)
	skip := (cacheLine - int(uintptr(unsafe.Pointer(&x[0]))%cacheLine)) % cacheLine / 4
	x = x[skip : skip+n : skip+n]
	if 4*n >= 2*hugePage {
		adviseHuge(x)
	}
	return x
}

const hugePage = 2 << 20
