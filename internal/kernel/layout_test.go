package kernel

import (
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
)

// Things are cut into tasks that cover them once.
func TestPieces(t *testing.T) {
	for _, n := range []int{1, 2, 7, 1000, 100_000} {
		for _, weight := range []int{0, 1, 100, 1 << 20} {
			p, next := Cut(n, weight), 0
			for task := range p.Tasks() {
				from, to := p.Span(task)
				assert.Equal(t, next, from)
				assert.Greater(t, to, from)
				next = to
			}
			assert.Equal(t, n, next)
		}
	}
}

// ClearHalo zeroes what lies beside a map and leaves the map.
func TestClearHalo(t *testing.T) {
	d, l := Dims{N: 2, C: 20, H: 3, W: 4}, Layout{Blocked: true, Halo: 2, Extra: 1}
	x := make([]float32, l.Floats(d))
	Fill(x, 1)
	for image := range d.N {
		for block := range BlocksOf(d.C) {
			for y := range d.H { // row after row, as tasks do
				l.ClearHalo(x, d, image, block, y, y+1)
			}
		}
	}
	ones := 0
	for _, v := range x {
		ones += int(v)
	}
	assert.Equal(t, d.N*BlocksOf(d.C)*Block*d.Plane(), ones)
	assert.Equal(t, float32(1), x[l.At(d, 1, 1, 2, 3)])
	assert.Zero(t, x[l.At(d, 1, 1, 2, 4)])
}

// Memory begins at a cache line, and pieces of a slab do not overlap.
func TestMemory(t *testing.T) {
	var s Slab
	var last []float32
	for _, n := range []int{1, 15, 16, 17, 1000, slabFloats / 2, 3} {
		for _, x := range [][]float32{Aligned(n), s.Take(n)} {
			assert.Len(t, x, n)
			assert.Zero(t, uintptr(unsafe.Pointer(&x[0]))%cacheLine)
			assert.Zero(t, x[n-1])
			Fill(x, 1)
			last = x
		}
	}
	assert.Equal(t, []float32{1, 1, 1}, last)
	assert.Equal(t, []float32{2, 3, 0}, Padded([]float32{2, 3}, 3, 9))
	assert.Equal(t, []float32{9, 9}, Padded(nil, 2, 9))
}
