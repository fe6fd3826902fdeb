package tile

import "github.com/vertebra-vision/vertebra/internal/kernel"

// Shape is the size of a tile.
type Shape struct {
	// Pixels is the most that a tile has. Half of them may lie on another
	// row.
	Pixels, Half int
	// Channels is the width of a panel.
	Channels int
	// Loops tells whether the assembly computes runs and parts of the taps.
	Loops bool
	// Group is how many outputs of a group a narrow panel holds: 4 of two groups,
	// or 8 of one. 0 is for panels that inputs are broadcast to.
	Group int
}

// The shapes that there are tiles of.
var (
	Wide512   = Shape{Pixels: 14, Half: 7, Channels: 32}
	Narrow512 = Shape{Pixels: 14, Half: 7, Channels: 16}
	Wide256   = Shape{Pixels: 6, Half: 3, Channels: 16, Loops: true}
	Fours     = Shape{Pixels: 6, Half: 3, Channels: 8, Loops: true, Group: 4}
	Eights    = Shape{Pixels: 6, Half: 3, Channels: 8, Loops: true, Group: 8}
)

// For is the shape of the tiles that broadcast inputs. Narrow panels waste
// less where groups are small, or the last panel would be half empty and
// there are few.
func For(s kernel.ConvSpec) Shape {
	if s.ISA != kernel.AVX512 {
		return Wide256
	}
	blocks := kernel.BlocksOf(s.Out.C)
	if s.Groups > 1 && s.Out.C/s.Groups%Wide512.Channels != 0 || blocks%2 == 1 && blocks < 10 {
		return Narrow512
	}
	return Wide512
}

// ForDirect is the shape of the tiles of a direct convolution, and its groups
// as they see them.
func ForDirect(s kernel.ConvSpec) (Shape, Groups) {
	if shape, groups, ok := Narrow(s); ok {
		return shape, groups
	}
	groups, _ := Merge(s)
	return For(s), groups
}

// CanBlock reports whether there are tiles for a convolution to a blocked map.
func CanBlock(s kernel.ConvSpec) bool {
	if s.ISA == kernel.Generic || s.Padding[0] != s.Padding[1] {
		return false
	}
	if _, groups := ForDirect(s); groups == (Groups{}) {
		return false
	}
	return kernel.CanBlockAct(s.Act, s.Slope)
}

// Panels is how many cover so many channels and the rest of the last block.
func (s Shape) Panels(channels int) int {
	return kernel.CeilDiv(channels, max(kernel.Block, s.Channels)) * s.PerBlock()
}

// PerBlock is how many panels share a block. They belong to one task, since
// each writes a part of every cache line.
func (s Shape) PerBlock() int { return max(1, kernel.Block/s.Channels) }

// Run is some tiles of equal size that lie side by side, in some rows if the
// assembly computes runs.
type Run struct{ Pixels, Count, Rows int }

// Runs cuts a line of pixels into tiles of about the same size.
func (s Shape) Runs(width int) [2]Run {
	tiles := kernel.CeilDiv(width, s.Pixels)
	pixels, larger := width/tiles, width%tiles
	return [2]Run{{pixels + 1, larger, 1}, {pixels, tiles - larger, 1}}
}
