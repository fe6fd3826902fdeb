package kernel

import (
	"math/rand/v2"
	"runtime"
	"testing"
)

// The garbage collector moves a stack that has become too large, between two calls
// of the assembly too, and ends the program where a pointer among its arguments is a
// small number. Maps are small so that numbers that are no addresses stay so.
func TestPointersOfAssembly(t *testing.T) {
	if !Blocked() {
		t.Skip("no assembly")
	}
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
	eachISA(t, func(t *testing.T) {
		if !Blocked() {
			return
		}
		for seed := range uint64(150) {
			rng := rand.New(rand.NewPCG(seed, 29))
			s := randomConv(rng)
			if !CanBlock(s) {
				continue
			}
			for _, a := range Algorithms(s, blockedSpec(s, 0).InLayout) {
				b := blockedSpec(s, a.Extra(s, s.Padding[0]))
				b.Packed = a.Pack(s, b.InLayout, Aligned)
				args := &Args{In: [][]float32{Aligned(b.InLayout.Floats(s.In))}, Out: Aligned(b.OutLayout.Floats(s.Out))}
				if s.Residual {
					args.In = append(args.In, args.Out)
				}
				k := a.New(b)
				for range 50 {
					deepen(64)
					run(k, args)
				}
			}
		}
	})
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
