package conv

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/kerneltest"
	"github.com/vertebra-vision/vertebra/internal/kernel/tile"
)

// Convolutions of every shape, stride, dilation and grouping, with every
// epilogue, with the output in its own place or on the residual, are what the
// definition says.
func TestConvolutions(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, isa kernel.ISA) {
		seeds, direct := uint64(400), 0
		if testing.Short() {
			seeds = 120
		}
		for seed := range seeds {
			rng := rand.New(rand.NewPCG(seed, 13))
			s := kerneltest.RandomConv(rng, isa)
			c := kerneltest.NewConvolution(rng, s, fmt.Sprintf("seed %d", seed))
			c.CheckPlanar(t, rng, NewPlanar(s), 1e-5)
			if Direct.Applies(s, kernel.Layout{}) {
				c.Check(t, rng, Direct, 1e-5)
				direct++
			}
		}
		assert.Equal(t, isa != kernel.Generic, direct > 0)
	})
}

// Deep convolutions, whose panels are computed in parts, and maps as wide as a
// tile and a pixel, whose last column has tiles of its own.
func TestDeepConvolutions(t *testing.T) {
	cases := []struct{ in, out, h, w, kernel, stride, dilation int }{
		{512, 16, 7, 7, 3, 1, 1}, {512, 33, 14, 14, 3, 2, 1}, {192, 40, 13, 7, 3, 1, 1}, {2064, 16, 7, 7, 1, 1, 1},
		{1600, 32, 14, 13, 1, 2, 1}, {176, 16, 1, 7, 3, 1, 1}, {176, 16, 9, 1, 3, 1, 1}, {208, 32, 5, 25, 3, 1, 2},
		{16, 16, 29, 7, 1, 1, 1}, {16, 24, 7, 7, 3, 1, 1}, {3, 20, 14, 14, 7, 2, 1},
	}
	kerneltest.EachISA(t, func(t *testing.T, isa kernel.ISA) {
		if isa == kernel.Generic {
			t.Skip("no parts")
		}
		for i, l := range cases {
			rng := rand.New(rand.NewPCG(uint64(i), 19))
			pad := l.dilation * (l.kernel - 1) / 2
			s := kernel.ConvSpec{
				In: kernel.Dims{N: 2, C: l.in, H: l.h, W: l.w}, Groups: 1, ISA: isa,
				Geometry: kernel.Geometry{
					Kernel: [2]int{l.kernel, l.kernel}, Stride: [2]int{l.stride, l.stride},
					Padding: [2]int{pad, pad}, Dilation: [2]int{l.dilation, l.dilation},
				},
				Epilogue: kernel.Epilogue{Residual: i%2 == 0, Act: []kernel.Act{kernel.ReLU, kernel.LeakyReLU, kernel.None}[i%3], Slope: 0.1},
			}
			s.Out.C = l.out
			kerneltest.Complete(rng, &s)
			c := kerneltest.NewConvolution(rng, s, "deep")
			for range 3 {
				c.Check(t, rng, Direct, 1e-5)
			}
		}
	})
}

// Convolutions of narrow groups: every kernel, stride and dilation, on maps as
// wide as any tile, for some images, with any epilogue.
func TestNarrowGroups(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, isa kernel.ISA) {
		seeds, narrow := uint64(12), 0
		if testing.Short() {
			seeds = 4
		}
		for i, g := range kerneltest.Groups {
			for seed := range seeds {
				rng := rand.New(rand.NewPCG(seed, uint64(i)))
				s := kerneltest.RandomGroups(rng, isa, g.In, g.Out, g.Groups)
				if !Direct.Applies(s, kernel.Layout{Blocked: true}) {
					continue
				}
				if _, _, ok := tile.Narrow(s); ok {
					narrow++
				}
				kerneltest.NewConvolution(rng, s, fmt.Sprintf("seed %d", seed)).Check(t, rng, Direct, 2e-5)
			}
		}
		assert.Equal(t, isa == kernel.AVX2, narrow > 0)
	})
}

// A panel of narrow groups whose weights do not stay in a cache has parts, too.
func TestDeepNarrowGroups(t *testing.T) {
	kerneltest.EachISA(t, func(t *testing.T, isa kernel.ISA) {
		rng := rand.New(rand.NewPCG(1, 23))
		s := kerneltest.RandomGroups(rng, isa, 128, 8, 2)
		s.Kernel, s.Stride, s.Dilation, s.Padding = [2]int{5, 5}, [2]int{1, 1}, [2]int{1, 1}, [2]int{2, 2}
		s.In.H, s.In.W = 9, 16
		kerneltest.Complete(rng, &s)
		if !Direct.Applies(s, kernel.Layout{Blocked: true}) {
			t.Skip("no parts")
		}
		kerneltest.NewConvolution(rng, s, "deep").Check(t, rng, Direct, 2e-5)
	})
}

func BenchmarkDirect(b *testing.B) { kerneltest.BenchmarkConv(b, Direct) }

// What serves where there are no blocked kernels.
func BenchmarkPlanar(b *testing.B) {
	for _, l := range kerneltest.Layers {
		if s := l.Spec(kernel.Active()); l.Name == "layer2.conv2" || l.Name == "layer2.conv3" {
			b.Run(l.String(), func(b *testing.B) {
				in := []int{s.In.Len()}
				if s.Residual {
					in = append(in, s.Out.Len())
				}
				kerneltest.Benchmark(b, NewPlanar(s), kerneltest.MACs(s), s.Out.Len(), in...)
			})
		}
	}
}
