package stem

import (
	"math"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/tile"
	"github.com/vertebra-vision/vertebra/internal/kernel/transformed"
)

// The stem, a 7x7 convolution of stride 2 of up to four planar channels, is one
// of stride 1 with a 4x4 window between maps of half the size: a pixel of its
// input holds two columns of two rows of each channel, and the eighth row and
// column of weights is zero. Winograd's F(4x4, 4x4) takes 49 multiplications of
// such pixels for 16 outputs in place of 256.

// The extents of a tile, and how many pixels of a channel make one of the smaller
// map.
const (
	outputs   = 4
	size      = 7
	positions = size * size
	phases    = 4
)

// Winograd is the algorithm.
var Winograd kernel.Algorithm = algorithm{}

type algorithm struct{}

func (algorithm) Name() string { return "winograd.stem" }

// Applies reports whether a convolution is one, of a planar input.
func (algorithm) Applies(s kernel.ConvSpec, in kernel.Layout) bool {
	return !in.Blocked && tile.CanBlock(s) && s.Groups == 1 && s.In.C*phases <= kernel.Block && s.Kernel == [2]int{7, 7} &&
		s.Stride == [2]int{2, 2} && s.Dilation == [2]int{1, 1}
}

// Cost is of AVX2. With AVX-512 it was not measured.
func (algorithm) Cost(s kernel.ConvSpec) float64 {
	if s.ISA != kernel.AVX2 {
		return math.Inf(1)
	}
	n, outs := items(s), kernel.BlocksOf(s.Out.C)
	products := float64(positions*s.In.C*phases*outs) * tile.PerWeight(n)
	return products + transformed.TransformCost*float64(n*positions*(1+outs))
}

// items is the tiles of a batch.
func items(s kernel.ConvSpec) int {
	return s.Out.N * kernel.CeilDiv(s.Out.H, outputs) * kernel.CeilDiv(s.Out.W, outputs)
}

func (algorithm) Growth(s kernel.ConvSpec) float64 {
	return float64(positions*phases) / float64(s.Kernel[0]*s.Kernel[1])
}

func (algorithm) Extra(kernel.ConvSpec, int) int { return 0 }

func (a algorithm) Format(s kernel.ConvSpec, in kernel.Layout) string {
	return tile.Format(s, in) + " " + a.Name()
}

func (algorithm) New(s kernel.BlockedSpec) kernel.Kernel { return newStem(s) }
