package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// Fully connected layers of random shapes give what the portable kernel gives,
// from one row to more than a tile has.
func TestRandomLinears(t *testing.T) {
	onEveryISA(t, func(t *testing.T) {
		active := kernel.Active()
		for seed := range uint64(60) {
			rng := rand.New(rand.NewPCG(seed, 5))
			batch, in, out := 1+rng.IntN(40), []int{3, 16, 48, 64, 512}[rng.IntN(5)], 1+rng.IntN(100)
			g := graph.New()
			x := g.Func("flatten", graph.Flatten{}, g.Func("input", graph.Input{Channels: in}))
			y := g.Call("fc", graph.Linear{In: in, Out: out, Bias: rng.IntN(2) == 0}, x)
			if rng.IntN(2) == 0 {
				y = g.Call("relu", graph.Activation{Func: graph.ReLU}, y)
			}
			params, input := randomParams(g), randomInput(batch, in, 1, 1)
			got := run(t, g, params, input, []*graph.Node{y}, nil, nil)
			must(t, kernel.Use(kernel.Generic))
			want := oneByOne(t, g, params, input, nil)
			must(t, kernel.Use(active))
			requireNear(t, want[y], got[0], fmt.Sprintf("seed %d: %d×%d→%d", seed, batch, in, out))
		}
	})
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
