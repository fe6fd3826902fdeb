package tile

import "github.com/vertebra-vision/vertebra/internal/kernel"

// Groups is how tiles see a convolution's groups: as fewer, wider ones whose
// channels fill whole blocks and panels, with zero weights between the groups
// in each. ResNeXt's few channels a group would leave most lanes of a vector
// idle; the zeros do too, but cost no reordering. Direct convolution with AVX2
// has narrow panels for them instead.
type Groups struct{ In, Out int } // channels of a merged group

// maxMerge bounds the groups that are merged, and so the work on zeros.
const maxMerge = 16

// Merge finds the smallest merged groups; false where there are none.
func Merge(s kernel.ConvSpec) (Groups, bool) {
	if s.Groups == 1 {
		return Groups{s.In.C, s.Out.C}, true
	}
	in, out := s.In.C/s.Groups, s.Out.C/s.Groups
	for m := 1; m <= maxMerge; m++ {
		if s.Groups%m == 0 && in*m%kernel.Block == 0 && out*m%For(s).Channels == 0 {
			return Groups{in * m, out * m}, true
		}
	}
	return Groups{}, false
}

// A convolution whose groups are narrower than the 16 channels of a panel has
// panels of 8: two groups of four channels, or eight outputs of one group. Their
// assembly takes four input channels of a group a tap, loads two of them at once
// and keeps two sums a pixel, of which the second has its lanes swapped.

// Quad is the input channels of a tap of narrow groups.
const Quad = 4

// Narrow finds the tiles and the groups of such a convolution; false where
// wider panels serve that multiply no zeros, and where an input has so few
// channels that it may be planar. The quads of all groups must lie alike in
// their blocks.
func Narrow(s kernel.ConvSpec) (Shape, Groups, bool) {
	if s.ISA != kernel.AVX2 || s.Groups == 1 || s.In.C < kernel.Block {
		return Shape{}, Groups{}, false
	}
	in, out := s.In.C/s.Groups, s.Out.C/s.Groups
	if m, ok := Merge(s); ok && m.In == in {
		return Shape{}, Groups{}, false
	}
	switch {
	case in == Quad && out == Quad:
		return Fours, Groups{2 * in, 2 * out}, true
	case out%Eights.Channels == 0 && (in%kernel.Block == 0 || in%Quad == 0 && kernel.Block%in == 0):
		return Eights, Groups{in, out}, true
	}
	return Shape{}, Groups{}, false
}

// Quads is the taps at each place in the window.
func Quads(s kernel.ConvSpec) int { return s.In.C / s.Groups / Quad }
