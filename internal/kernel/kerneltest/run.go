package kerneltest

import (
	"math"
	"math/rand/v2"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// EachISA runs a test with every set of kernels that this CPU has.
func EachISA(t *testing.T, f func(t *testing.T, isa kernel.ISA)) {
	t.Helper()
	defer func(active kernel.ISA) { require.NoError(t, kernel.Use(active)) }(kernel.Active())
	for isa := kernel.Generic; isa <= kernel.Best(); isa++ {
		require.NoError(t, kernel.Use(isa))
		t.Run(isa.String(), func(t *testing.T) { f(t, isa) })
	}
}

// Run does all tasks of a kernel, each with scratch that holds what was there
// before. Touching memory that is not the kernel's fails the test.
func Run(t testing.TB, m *Memory, k kernel.Kernel, a *kernel.Args) {
	t.Helper()
	scratch := m.Take(k.Scratch())
	kernel.Fill(scratch, float32(math.NaN()))
	for task := range k.Tasks() {
		if fault := do(k, a, task, scratch); fault != nil {
			t.Fatalf("%s, task %d of %d: %v", k.Name(), task, k.Tasks(), fault)
		}
	}
}

// do computes a task and tells what went wrong.
func do(k kernel.Kernel, a *kernel.Args, task int, scratch []float32) (fault any) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() { fault = recover() }()
	k.Do(a, task, scratch)
	return nil
}

// Floats are random, between -1 and 1.
func Floats(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = rng.Float32()*2 - 1
	}
	return x
}

// Pick is one of a list.
func Pick[T any](rng *rand.Rand, list ...T) T { return list[rng.IntN(len(list))] }

// RequireNear compares with a reference, to a share of its largest magnitude, or
// of 1.
func RequireNear(t testing.TB, want []float64, got []float32, bound float64, what string) {
	t.Helper()
	require.Equal(t, len(want), len(got), what)
	largest := 1.0
	for _, w := range want {
		largest = math.Max(largest, math.Abs(w))
	}
	for i, w := range want {
		// A comparison that is false for NaN, and no call of testify for each element.
		if !(math.Abs(w-float64(got[i])) <= bound*largest) {
			t.Fatalf("%s: element %d is %v, want %v within %v", what, i, got[i], w, bound*largest)
		}
	}
}

// Float64 are the same numbers.
func Float64(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}
