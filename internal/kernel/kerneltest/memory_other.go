//go:build !linux

package kerneltest

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// piece is numbers that must not change on both sides of what is handed out.
type piece struct{ first, last []float32 }

const (
	guardFloats = 256
	guardNumber = 123456.75
)

func newPiece(_ testing.TB, n int, _ bool) (piece, []float32) {
	x := make([]float32, n+2*guardFloats)
	p := piece{x[:guardFloats], x[guardFloats+n:]}
	for i := range guardFloats {
		p.first[i], p.last[i] = guardNumber, guardNumber
	}
	return p, x[guardFloats : guardFloats+n : guardFloats+n]
}

func (p piece) release(t testing.TB) {
	for i := range guardFloats {
		require.Equal(t, [2]float32{guardNumber, guardNumber}, [2]float32{p.first[i], p.last[i]}, "written to beside what it was given")
	}
}
