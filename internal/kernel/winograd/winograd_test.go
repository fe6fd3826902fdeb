package winograd

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/kerneltest"
)

// bounds are what each tile size may round by, of the largest magnitude.
var bounds = map[F]float64{F2: 2e-5, F3: 2e-5, F4: 2e-5, F6: 6e-5}

// Every tile size gives what the definition gives, for random maps, groups and
// dilations, with residuals and activations.
func TestTiles(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, isa kernel.ISA) {
		tried := map[F]int{}
		check := func(rng *rand.Rand, s kernel.ConvSpec, what string) {
			if !F4.Applies(s, kernel.Layout{Blocked: true}) {
				return
			}
			c := kerneltest.NewConvolution(rng, s, what)
			for f, bound := range bounds {
				c.Check(t, rng, f, bound)
				tried[f]++
			}
		}
		for seed := range uint64(60) {
			rng := rand.New(rand.NewPCG(seed, 7))
			check(rng, randomDilated(rng, isa), fmt.Sprintf("seed %d", seed))
		}
		for seed := range uint64(200) {
			rng := rand.New(rand.NewPCG(seed, 13))
			check(rng, kerneltest.RandomConv(rng, isa), fmt.Sprintf("any, seed %d", seed))
			g := kerneltest.Groups[seed%uint64(len(kerneltest.Groups))]
			check(rng, kerneltest.RandomGroups(rng, isa, g.In, g.Out, g.Groups), fmt.Sprintf("groups, seed %d", seed))
		}
		for f := range bounds {
			assert.Equal(t, isa != kernel.Generic, tried[f] > 0)
		}
	})
}

func randomDilated(rng *rand.Rand, isa kernel.ISA) kernel.ConvSpec {
	d, groups := kerneltest.Pick(rng, 1, 1, 1, 2, 3, 5), kerneltest.Pick(rng, 1, 1, 2)
	s := kernel.ConvSpec{
		Groups: groups, ISA: isa,
		In:       kernel.Dims{N: 1 + rng.IntN(2), C: kerneltest.Pick(rng, 16, 32, 48) * groups, H: 1 + rng.IntN(23), W: 1 + rng.IntN(23)},
		Geometry: kernel.Geometry{Kernel: [2]int{3, 3}, Stride: [2]int{1, 1}, Padding: [2]int{d, d}, Dilation: [2]int{d, d}},
		Epilogue: kernel.Epilogue{Residual: rng.IntN(2) == 0, Act: kernel.Act(rng.IntN(3)), Slope: 0.1},
	}
	s.Out.C = s.In.C
	kerneltest.Complete(rng, &s)
	return s
}

func BenchmarkF2(b *testing.B) { kerneltest.BenchmarkConv(b, F2) }
func BenchmarkF4(b *testing.B) { kerneltest.BenchmarkConv(b, F4) }
