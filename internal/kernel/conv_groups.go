package kernel

// A convolution whose groups are narrower than the 16 channels of a panel has
// panels of 8: two groups of four channels, or eight outputs of one group. Their
// assembly takes four input channels of a group a tap, loads two of them at once
// and keeps two sums a pixel, of which the second has its lanes swapped.

// quad is the input channels of a tap.
const quad = 4

// narrow finds the tiles and the groups of such a convolution; false where
// wider panels serve that multiply no zeros, and where an input has so few
// channels that it may be planar. The quads of all groups must lie alike in
// their blocks.
func narrow(s ConvSpec) (tileShape, merged, bool) {
	if active != AVX2 || s.Groups == 1 || s.In.C < Block {
		return tileShape{}, merged{}, false
	}
	in, out := s.In.C/s.Groups, s.Out.C/s.Groups
	if m, ok := merge(s); ok && m.in == in {
		return tileShape{}, merged{}, false
	}
	switch {
	case in == quad && out == quad:
		return tileFours, merged{2 * in, 2 * out}, true
	case out%tileEights.channels == 0 && (in%Block == 0 || in%quad == 0 && Block%in == 0):
		return tileEights, merged{in, out}, true
	}
	return tileShape{}, merged{}, false
}

// quads is the taps at each place in the window.
func quads(s ConvSpec) int { return s.In.C / s.Groups / quad }

// packNarrow lays out weights as [panel][tap][half of the tap][sum][lane].
func packNarrow(s ConvSpec, shape tileShape, take func(n int) []float32) []float32 {
	perGroup, lanes := s.In.C/s.Groups, shape.channels
	window := s.Kernel[0] * s.Kernel[1]
	taps := quads(s) * window
	packed := take(shape.panels(s.Out.C) * taps * quad * lanes)
	for oc := range s.Out.C {
		for k := range perGroup {
			row, lane := shape.meet(oc%lanes, k%quad)
			for t, w := range s.Weight[(oc*perGroup+k)*window:][:window] {
				tap := oc/lanes*taps + k/quad*window + t
				packed[(tap*quad+row)*lanes+lane] = w
			}
		}
	}
	return packed
}

// meet tells in which of the four vectors of a tap's weights, and in which of
// its lanes, the weight from an input of the tap to an output of the panel lies.
func (s tileShape) meet(out, in int) (row, lane int) {
	if s == tileFours { // lanes hold inputs 0 0 2 2, then 1 1 3 3
		return in%2*2 + (in^out)>>1&1, out&^2 | in&2
	}
	return in/2*2 + (in^out)&1, out&^1 | in&1 // 0 1 0 1, then 2 3 2 3
}
