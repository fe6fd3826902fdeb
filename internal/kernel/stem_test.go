package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
)

// The stem's algorithm computes what the definition says, for every number of
// channels, padding, size and batch, in any number of tasks.
func TestWinogradStem(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		seeds := uint64(60)
		if testing.Short() {
			seeds = 20
		}
		for seed := range seeds {
			rng := rand.New(rand.NewPCG(seed, 29))
			s := ConvSpec{Epilogue: Epilogue{Residual: rng.IntN(2) == 0, Act: Act(rng.IntN(3)), Slope: 0.1}}
			randomStem(rng, &s)
			if seed%10 == 0 {
				s.In = Dims{N: 1, C: s.In.C, H: 7 + rng.IntN(9), W: 300 + rng.IntN(400)} // a row of some tasks
			}
			s.complete(rng)
			if !CanWinogradStem(s) {
				assert.False(t, Blocked())
				continue
			}
			x, residual := randomFloats(rng, s.In.Len()), randomFloats(rng, s.Out.Len())
			what := fmt.Sprintf("seed %d: %v to %v, %+v", seed, s.In, s.Out, s.Geometry)
			requireConv(t, naiveConv(s, x, residual), blockedResult(t, rng, s, WinogradStem, x, residual), 2e-5, what)
		}
	})
}
