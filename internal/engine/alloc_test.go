package engine

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/graph"
)

// A run whose session exists allocates nothing, whatever its kernels.
func TestRunAllocatesNothing(t *testing.T) {
	onEveryISA(t, func(t *testing.T) {
		for seed := range uint64(40) {
			rng := rand.New(rand.NewPCG(seed, 3))
			g, shape := randomBlock(rng)
			last := g.Nodes()[len(g.Nodes())-1]
			if _, err := graph.Infer(g.Nodes(), shape); err != nil {
				continue // too small for its window
			}
			input := randomInput(shape...)
			p, err := Compile(g, randomParams(g), shape, []*graph.Node{last}, nil, Options{Workers: 2})
			require.NoError(t, err)
			out := [][]float32{make([]float32, p.Outputs()[0].Elems())}
			ctx := context.Background()
			allocs := testing.AllocsPerRun(5, func() { err = p.Run(ctx, input.Data, out, nil) })
			require.NoError(t, err)
			require.Zero(t, allocs, "seed %d\n%v", seed, p)
		}
	})
}
