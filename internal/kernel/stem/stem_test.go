package stem

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/kerneltest"
)

// The stem's algorithm computes what the definition says, for every number of
// channels, padding, size and batch, in any number of tasks.
func TestStem(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, isa kernel.ISA) {
		seeds := uint64(60)
		if testing.Short() {
			seeds = 20
		}
		for seed := range seeds {
			rng := rand.New(rand.NewPCG(seed, 29))
			s := kernel.ConvSpec{ISA: isa, Epilogue: kernel.Epilogue{Residual: rng.IntN(2) == 0, Act: kernel.Act(rng.IntN(3)), Slope: 0.1}}
			kerneltest.RandomStem(rng, &s)
			if seed%10 == 0 {
				s.In = kernel.Dims{N: 1, C: s.In.C, H: 7 + rng.IntN(9), W: 300 + rng.IntN(400)} // a row of some tasks
			}
			kerneltest.Complete(rng, &s)
			if !Winograd.Applies(s, kernel.Layout{}) {
				assert.Equal(t, kernel.Generic, isa)
				continue
			}
			kerneltest.NewConvolution(rng, s, fmt.Sprintf("seed %d", seed)).Check(t, rng, Winograd, 2e-5)
		}
	})
}

func BenchmarkStem(b *testing.B) { kerneltest.BenchmarkConv(b, Winograd) }
