package strassen

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/kerneltest"
)

// Strassen's algorithm gives what the definition gives, for random maps,
// strides, halos and batches, with residuals and activations.
func TestLevels(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, isa kernel.ISA) {
		tried := map[Levels]int{}
		for seed := range uint64(200) {
			rng := rand.New(rand.NewPCG(seed, 8))
			s := randomPointwise(rng, isa)
			if !One.Applies(s, kernel.Layout{Blocked: true}) {
				assert.Equal(t, kernel.Generic, isa)
				continue
			}
			c := kerneltest.NewConvolution(rng, s, fmt.Sprintf("seed %d", seed))
			for l := One; l <= Two; l++ {
				if l.Applies(s, kernel.Layout{Blocked: true}) {
					c.Check(t, rng, l, 5e-6*float64(l))
					tried[l]++
				}
			}
		}
		assert.Equal(t, isa != kernel.Generic, tried[One] > 0 && tried[Two] > 0)
	})
}

func randomPointwise(rng *rand.Rand, isa kernel.ISA) kernel.ConvSpec {
	stride := kerneltest.Pick(rng, 1, 1, 2, 3)
	h, w := 1+rng.IntN(12), 1+rng.IntN(12)
	s := kernel.ConvSpec{
		Groups: 1, ISA: isa,
		In: kernel.Dims{
			N: 1 + rng.IntN(3), C: kerneltest.Pick(rng, 32, 64, 96, 160),
			H: (h-1)*stride + 1 + rng.IntN(stride), W: (w-1)*stride + 1 + rng.IntN(stride),
		},
		Geometry: kernel.Geometry{Kernel: [2]int{1, 1}, Stride: [2]int{stride, stride}, Dilation: [2]int{1, 1}},
		Epilogue: kernel.Epilogue{Residual: rng.IntN(2) == 0, Act: kernel.Act(rng.IntN(3)), Slope: 0.1},
	}
	s.Out.C = kerneltest.Pick(rng, 64, 128, 192)
	kerneltest.Complete(rng, &s)
	return s
}

func BenchmarkOne(b *testing.B) { kerneltest.BenchmarkConv(b, One) }
func BenchmarkTwo(b *testing.B) { kerneltest.BenchmarkConv(b, Two) }
