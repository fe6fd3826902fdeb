package winograd

import (
	"fmt"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/tile"
	"github.com/vertebra-vision/vertebra/internal/kernel/transformed"
)

// F is Winograd's algorithm with tiles of so many outputs in each direction.
// F(4x4, 3x3) computes a 4x4 tile of outputs from a 6x6 tile of inputs with 36
// multiplications a channel in place of 144, and F(2x2, 3x3) a 2x2 tile from
// 4x4 with 16 in place of 36 (Lavin and Gray, 2016): V = Bᵀ·d·B, M = U·V for
// each position of the tile, Y = Aᵀ·M·A.
type F int

// The tiles that there are. F(6x6) rounds more, F(3x3) multiplies more; both
// serve maps that the others leave much of a tile of, such as the phases of a
// dilated convolution.
const (
	F2 F = 2
	F3 F = 3
	F4 F = 4
	F6 F = 6
)

// area is the number of positions.
func (f F) area() int { return int(f+2) * int(f+2) }

// maxArea is F6's.
const maxArea = 64

// Name implements kernel.Algorithm.
func (f F) Name() string { return fmt.Sprintf("winograd%d", int(f)) }

// Applies reports whether there is a Winograd kernel for a convolution: 3x3 of
// stride 1, with any dilation, which makes it so many convolutions of
// interleaved pixels.
func (f F) Applies(s kernel.ConvSpec, in kernel.Layout) bool {
	_, ok := tile.Merge(s)
	return in.Blocked && ok && tile.CanBlock(s) && s.Kernel == [2]int{3, 3} && s.Stride == [2]int{1, 1} &&
		s.Dilation[0] == s.Dilation[1] && s.In.C >= kernel.Block
}

// Cost models one group.
func (f F) Cost(s kernel.ConvSpec) float64 {
	g, _ := tile.Merge(s)
	items := len(f.tiles(s)) * s.In.N
	weights := float64(f.area() * g.In * kernel.BlocksOf(g.Out))
	blocks := float64(kernel.BlocksOf(g.In) + kernel.BlocksOf(g.Out))
	shape := tile.For(s)
	calls := f.area() * kernel.CeilDiv(items, shape.Pixels) * kernel.CeilDiv(g.Out, shape.Channels)
	return weights*tile.PerWeight(items) + transformed.TransformCost*float64(items)*float64(f.area())*blocks + float64(shape.CallCost()*calls)
}

// Growth implements kernel.Algorithm.
func (f F) Growth(s kernel.ConvSpec) float64 {
	return float64(f.area()) / float64(s.Kernel[0]*s.Kernel[1])
}

// Extra is what the last tiles read beyond the map and its halo.
func (f F) Extra(s kernel.ConvSpec, halo int) int {
	d := s.Dilation[0]
	extra := 0
	for _, extent := range [][2]int{{s.In.H, s.Out.H}, {s.In.W, s.Out.W}} {
		tiles := kernel.CeilDiv(kernel.CeilDiv(extent[1], d), int(f))
		last := d - 1 + d*(int(f)*tiles+1) - s.Padding[0]
		extra = max(extra, last-(extent[0]-1)-halo)
	}
	return extra
}

// Format implements kernel.Algorithm.
func (f F) Format(s kernel.ConvSpec, in kernel.Layout) string {
	return tile.Format(s, in) + " " + f.Name()
}

// New implements kernel.Algorithm.
func (f F) New(s kernel.BlockedSpec) kernel.Kernel { return newWinograd(s, f) }

// outputTile is a tile of output pixels, a dilation apart from each other.
type outputTile struct{ y, x, rows, columns int }

// tiles lists those of one image.
func (f F) tiles(s kernel.ConvSpec) []outputTile {
	d, size := s.Dilation[0], int(f)
	var list []outputTile
	for dy := range min(d, s.Out.H) {
		for dx := range min(d, s.Out.W) {
			rows, columns := kernel.CeilDiv(s.Out.H-dy, d), kernel.CeilDiv(s.Out.W-dx, d)
			for y := 0; y < rows; y += size {
				for x := 0; x < columns; x += size {
					list = append(list, outputTile{
						y: dy + y*d, x: dx + x*d,
						rows: min(size, rows-y), columns: min(size, columns-x),
					})
				}
			}
		}
	}
	return list
}
