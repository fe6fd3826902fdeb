package strassen

import (
	"fmt"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/tile"
)

// Levels is Strassen's algorithm (1969), and how often it cuts matrices into
// quarters. It multiplies two matrices cut so with seven products of quarters in
// place of eight. A pointwise convolution is such a multiplication: of pixels by
// input channels, A, with input by output channels, B.
//
//	M0 = (A00+A11)(B00+B11)  M1 = (A10+A11)B00  M2 = A00(B01-B11)  M3 = A11(B10-B00)
//	M4 = (A00+A01)B11  M5 = (A10-A00)(B00+B01)  M6 = (A01-A11)(B10+B11)
//
// A level saves an eighth of the multiplications less what the additions cost.
// A second one computes each of the seven products in the same way: pixels and
// channels are cut into four parts, and a quarter of a quarter is inner.
type Levels int

// The levels that there are.
const (
	One Levels = 1
	Two Levels = 2
)

// perLevel is the products of a level.
const perLevel = 7

// parts is how many there are, of pixels and of channels.
func (l Levels) parts() int { return 1 << l }

// products is how many there are.
func (l Levels) products() int {
	if l == Two {
		return perLevel * perLevel
	}
	return perLevel
}

// Name implements kernel.Algorithm.
func (l Levels) Name() string {
	if l == One {
		return "strassen"
	}
	return fmt.Sprintf("strassen%d", int(l))
}

// Applies reports whether a convolution is 1x1 of one group, whose channels can
// be cut into whole blocks and panels.
func (l Levels) Applies(s kernel.ConvSpec, in kernel.Layout) bool {
	return in.Blocked && tile.CanBlock(s) && s.Kernel == [2]int{1, 1} && s.Padding == [2]int{} && s.Groups == 1 &&
		s.In.C%(l.parts()*kernel.Block) == 0 && s.Out.C%(l.parts()*tile.For(s).Channels) == 0
}

// Cost implements kernel.Algorithm.
func (l Levels) Cost(s kernel.ConvSpec) float64 {
	items := l.items(s) * s.In.N
	shape, n := tile.For(s), l.parts()
	weights := l.products() * s.In.C / n * kernel.BlocksOf(s.Out.C) / n
	tiles := l.products() * kernel.CeilDiv(items, shape.Pixels) * s.Out.C / n / shape.Channels
	sums := l.inCost(s) + l.outCost(s)*float64(kernel.BlocksOf(s.Out.C)/n)
	return float64(weights)*tile.PerWeight(items) + sums*float64(items) + float64(shape.CallCost()*tiles)
}

// What the transforms of an item cost, of a block of each part of the channels,
// in multiplications of vectors, by the levels; and how much more where the map
// comes from further than a level-2 cache.
var (
	costIn  = [...]float64{One: 32, Two: 260}
	costOut = [...]float64{One: 40, Two: 380}
	costFar = [...]float64{One: 16, Two: 80}
)

// nearFloats is the size of maps that are found in level-2 caches.
const nearFloats = 512 << 10

// inCost is what transforming all channels of an item costs.
func (l Levels) inCost(s kernel.ConvSpec) float64 {
	cost := costIn[l]
	if s.In.C*s.Out.Plane() > nearFloats { // what strides leave out is not read
		cost += costFar[l]
	}
	return cost * float64(kernel.BlocksOf(s.In.C)/l.parts())
}

// outCost is what transforming a block's products of an item costs.
func (l Levels) outCost(s kernel.ConvSpec) float64 {
	if s.Out.C*s.Out.Plane() > nearFloats {
		return costOut[l] + costFar[l]
	}
	return costOut[l]
}

// Growth implements kernel.Algorithm.
func (l Levels) Growth(kernel.ConvSpec) float64 {
	return float64(l.products()) / float64(l.parts()*l.parts())
}

// Extra implements kernel.Algorithm.
func (l Levels) Extra(kernel.ConvSpec, int) int { return 0 }

// Format implements kernel.Algorithm.
func (l Levels) Format(s kernel.ConvSpec, in kernel.Layout) string {
	return tile.Format(s, in) + " " + l.Name()
}

// New implements kernel.Algorithm.
func (l Levels) New(s kernel.BlockedSpec) kernel.Kernel { return newStrassen(s, l) }
