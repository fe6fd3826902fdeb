package engine

import (
	"context"
	"math"
	"math/rand/v2"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/graph"
)

// A run whose session exists allocates nothing, whatever its kernels, batches in
// rounds and helpers included.
func TestRunAllocatesNothing(t *testing.T) {
	hoardGoroutines()
	onEveryISA(t, func(t *testing.T) {
		for seed := range uint64(60) {
			rng := rand.New(rand.NewPCG(seed, 3))
			g, shape := randomNet(rng)
			last := g.Nodes()[len(g.Nodes())-1]
			opt := randomOptions(rng)
			input := randomInput(shape...)
			p, err := Compile(g, randomParams(g), shape, []*graph.Node{last}, nil, opt)
			require.NoError(t, err)
			out := [][]float32{make([]float32, p.Outputs()[0].Elems())}
			require.Zero(t, allocations(func() {
				err = p.Run(context.Background(), input.Data, out, nil)
			}), "seed %d, %d workers\n%v", seed, opt.Workers, p)
			require.NoError(t, err)
		}
	})
}

// hoardGoroutines lets the runtime make goroutines to use again, as it would
// in some hundred runs: each processor keeps up to 64 that ended on it before it
// shares them with the others.
func hoardGoroutines() {
	var all sync.WaitGroup
	together := make(chan struct{})
	for range 1024 * runtime.GOMAXPROCS(0) {
		all.Go(func() { <-together })
	}
	close(together)
	all.Wait()
}

// allocations is how often a call of f allocates at the least.
// testing.AllocsPerRun leaves one processor, where helpers have no part in the
// work. What the runtime allocates until each processor has enough to use again
// (goroutines, and what they wait with) is not in every call.
func allocations(f func()) uint64 {
	least := uint64(math.MaxUint64)
	for i := 0; i < 500 && least > 0; i++ {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		least = min(least, after.Mallocs-before.Mallocs)
	}
	return least
}
