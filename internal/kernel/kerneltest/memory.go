package kerneltest

import "testing"

// Memory hands out floats that end, or begin, where memory cannot be touched. On
// Linux a page there is protected, elsewhere there are numbers that must not
// change.
type Memory struct {
	t      testing.TB
	before bool
	pieces []piece
}

// NewMemory is memory whose guard lies behind what it hands out, or before it.
// What a test does not release is released in the end.
func NewMemory(t testing.TB, before bool) *Memory {
	m := &Memory{t: t, before: before}
	t.Cleanup(m.Release)
	return m
}

// Take returns n zero floats.
func (m *Memory) Take(n int) []float32 {
	p, x := newPiece(m.t, n, m.before)
	m.pieces = append(m.pieces, p)
	return x
}

// With returns a copy of floats.
func (m *Memory) With(x []float32) []float32 {
	y := m.Take(len(x))
	copy(y, x)
	return y
}

// Release takes everything back, and fails the test where a guard was touched.
func (m *Memory) Release() {
	for _, p := range m.pieces {
		p.release(m.t)
	}
	m.pieces = nil
}
