package kerneltest

import (
	"runtime"
	"testing"
)

// OnMovingStacks calls f many times, on a stack that has become too large each
// time, which the garbage collector moves: between two calls of assembly, too. It
// ends the program where a pointer among the arguments is a small number. Maps
// should be small so that numbers that are no addresses stay so.
func OnMovingStacks(t testing.TB, times int, f func()) {
	t.Helper()
	done, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-done:
				return
			default:
				runtime.GC()
			}
		}
	}()
	defer func() { close(done); <-stopped }()
	for range times {
		deepen(64)
		f()
	}
}

// deepen makes the stack so many kilobytes larger than it needs to be.
//
//go:noinline
func deepen(kilobytes int) byte {
	var pad [1024]byte
	pad[kilobytes%len(pad)] = 1
	if kilobytes == 0 {
		return pad[1]
	}
	return deepen(kilobytes-1) + pad[0]
}
