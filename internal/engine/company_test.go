package engine

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/graph"
)

// A picture's results have the same bits alone and in any batch, at any place in
// it, with any number of workers and any size of caches, whatever algorithms
// compute it; and what is wrong in one picture stays there.
func TestPicturesKeepTheirBits(t *testing.T) {
	onEveryISA(t, func(t *testing.T) {
		seeds := uint64(150)
		if testing.Short() {
			seeds = 50
		}
		for seed := range seeds {
			checkCompany(t, seed)
		}
	})
}

func checkCompany(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 5))
	g, shape := randomNet(rng)
	if rng.IntN(2) == 0 {
		g, shape = randomBlock(rng)
		if _, err := graph.Infer(g.Nodes(), shape); err != nil {
			return // too small for its window
		}
	}
	params, wanted := randomParams(g), someNodes(rng, g)
	opt := randomOptions(rng)
	shape[0] = 1 + rng.IntN(9)
	batch := randomInput(shape...)
	together := opt
	if rng.IntN(2) == 0 && !opt.Direct { // choices that a model would not make
		together.Tuning = anyChoices(t, rng, g, shape, wanted, opt)
		opt.Tuning = together.Tuning
	}
	sick := rng.IntN(shape[0])
	size := len(batch.Data) / shape[0]
	want := make([][]Value, shape[0])
	for i := range want {
		opt.Workers, opt.Cache = 1+rng.IntN(5), 1<<(10+rng.IntN(12))
		alone := Value{Shape: append(graph.Shape{1}, shape[1:]...), Data: batch.Data[i*size:][:size]}
		want[i] = runWith(t, g, params, alone, wanted, nil, nil, opt)
	}
	if shape[0] > 1 && rng.IntN(2) == 0 {
		batch.Data[sick*size+rng.IntN(size)] = float32(math.NaN())
	} else {
		sick = -1
	}
	for k, got := range runWith(t, g, params, batch, wanted, nil, nil, together) {
		n := len(got.Data) / shape[0]
		for i := range want {
			if i == sick {
				continue
			}
			for j, v := range got.Data[i*n:][:n] {
				if math.Float32bits(v) != math.Float32bits(want[i][k].Data[j]) {
					require.Fail(t, "another result in company", "seed %d: %s, picture %d of %v, NaN in %d, element %d: %v, alone %v",
						seed, wanted[k].Name, i, shape, sick, j, v, want[i][k].Data[j])
				}
			}
		}
	}
}

// Rows of a layer, such as the features of regions, are pictures of one pixel.
func TestRowsKeepTheirBits(t *testing.T) {
	onEveryISA(t, func(t *testing.T) {
		for _, in := range []int{1, 17, 64, 100} {
			g := graph.New()
			x := g.Func("input", graph.Input{Channels: in})
			g.Call("fc", graph.Linear{In: in, Out: 37, Bias: true}, g.Call("flatten", graph.Flatten{}, x))
			params := randomParams(g)
			all := randomInput(40, in, 1, 1)
			for _, rows := range []int{1, 2, 3, 4, 7, 13, 40} {
				part := Value{Shape: graph.Shape{rows, in, 1, 1}, Data: all.Data[:rows*in]}
				got := run(t, g, params, part, last(g), nil, nil)[0]
				want := run(t, g, params, all, last(g), nil, nil)[0]
				require.Equal(t, want.Data[:rows*37], got.Data, fmt.Sprintf("%d rows of %d", rows, in))
			}
		}
	})
}
