package kerneltest

import (
	"os"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// piece is a mapping with a page at each end that is protected.
type piece []byte

func newPiece(t testing.TB, n int, before bool) (piece, []float32) {
	t.Helper()
	page := os.Getpagesize()
	inner := max(1, kernel.CeilDiv(4*n, page)) * page
	p, err := syscall.Mmap(-1, 0, inner+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	require.NoError(t, err)
	require.NoError(t, syscall.Mprotect(p[:page], syscall.PROT_NONE))
	require.NoError(t, syscall.Mprotect(p[page+inner:], syscall.PROT_NONE))
	at := page + inner - 4*n
	if before {
		at = page
	}
	if n == 0 {
		return p, nil
	}
	return p, unsafe.Slice((*float32)(unsafe.Pointer(&p[at])), n)
}

func (p piece) release(t testing.TB) { require.NoError(t, syscall.Munmap(p)) }
