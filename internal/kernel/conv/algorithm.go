package conv

import (
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/tile"
)

// Direct is the algorithm that computes every convolution that has one.
var Direct kernel.Algorithm = algorithm{}

type algorithm struct{}

func (algorithm) Name() string { return "direct" }

func (algorithm) Applies(s kernel.ConvSpec, _ kernel.Layout) bool { return tile.CanBlock(s) }

const (
	// directLoss is what direct convolution loses beside the other algorithms'
	// products: its input and output lie further away.
	directLoss = 1.04
	// narrowCost is the end of a pixel's sums in panels of narrow groups, a block.
	narrowCost = 10
)

// Cost models one merged group.
func (algorithm) Cost(s kernel.ConvSpec) float64 {
	g, _ := tile.Merge(s)
	window, pixels := s.Kernel[0]*s.Kernel[1], s.Out.N*s.Out.Plane()
	if _, _, ok := tile.Narrow(s); ok {
		depth := window*s.In.C/s.Groups + narrowCost
		return float64(depth*kernel.BlocksOf(g.Out)) * tile.PerWeight(pixels)
	}
	shape := tile.For(s)
	tiles := kernel.CeilDiv(pixels, shape.Pixels) * kernel.CeilDiv(g.Out, shape.Channels)
	return directLoss*float64(window*g.In*kernel.BlocksOf(g.Out))*tile.PerWeight(pixels) + float64(shape.CallCost()*tiles)
}

func (algorithm) Growth(kernel.ConvSpec) float64 { return 1 }

func (algorithm) Extra(kernel.ConvSpec, int) int { return 0 }

func (a algorithm) Format(s kernel.ConvSpec, in kernel.Layout) string {
	return tile.Format(s, in) + " " + a.Name()
}

func (algorithm) Pack(s kernel.ConvSpec, in kernel.Layout, take func(n int) []float32) []float32 {
	return tile.Pack(s, in, take)
}

func (algorithm) New(s kernel.BlockedSpec) kernel.Kernel { return newDirect(s) }
