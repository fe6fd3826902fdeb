package kernel

import (
	"sync"
	"unsafe"
)

const (
	cacheLine = 64
	hugePage  = 2 << 20
)

// Aligned returns n zero floats that begin at a cache line. Large ones begin
// at a huge page and ask for such, which spare the address translation.
func Aligned(n int) []float32 {
	if 4*n < hugePage {
		return alignedTo(n, cacheLine)
	}
	x := alignedTo(n, hugePage)
	adviseHuge(x)
	return x
}

// alignedTo returns n zero floats at a multiple of so many bytes.
func alignedTo(n, bytes int) []float32 {
	x := make([]float32, n+bytes/4-1)
	skip := (bytes - int(uintptr(unsafe.Pointer(&x[0]))%uintptr(bytes))) % bytes / 4
	return x[skip : skip+n : skip+n]
}

// Slab hands out memory for what lives as long as a model, such as packed
// weights. Small pieces gain nothing from huge pages, whose first use costs more
// where a host has yet to find them. It is safe for concurrent use.
type Slab struct {
	mu    sync.Mutex
	free  []float32
	taken int64 // bytes
}

// Bytes is what was taken.
func (s *Slab) Bytes() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

// slabFloats is what a slab takes at once. Pages that nobody writes to cost
// nothing.
const slabFloats = 32 << 20 / 4

// Take returns n zero floats that begin at a cache line.
func (s *Slab) Take(n int) []float32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	size := CeilDiv(n, cacheLine/4) * cacheLine / 4
	s.taken += 4 * int64(size)
	if size > len(s.free) {
		if size > slabFloats/4 {
			return Aligned(n)
		}
		s.free = alignedTo(slabFloats, cacheLine)
	}
	x := s.free[:n:n]
	s.free = s.free[size:]
	return x
}

// Fill sets all elements.
func Fill(x []float32, value float32) {
	for i := range x {
		x[i] = value
	}
}

// Padded copies x, or the default where it is nil, to n elements; those beyond
// x are zero.
func Padded(x []float32, n int, def float32) []float32 {
	p := Aligned(n)
	if x != nil {
		copy(p, x)
		return p
	}
	Fill(p, def)
	return p
}

// Pointer is the address of an element, for the arguments of assembly.
func Pointer(x []float32, i int) unsafe.Pointer { return unsafe.Pointer(&x[i]) }
