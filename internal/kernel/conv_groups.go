package kernel

// Groups narrower than a block leave lanes of a vector of outputs idle where
// inputs are broadcast, or multiply them with zeros. Here instead vectors of
// weights meet a quad of input channels in each half: lane l of rotation r is
// from input l%4 of the quad to output (l+r)%4 of the half's four channels.
// Four sums a pixel, one a rotation, take all taps; then they are rotated into
// their places and added.

const (
	quad      = 4 // input channels that half a vector holds
	rotations = 4
)

// rotated finds the tiles and the groups of a convolution that rotation
// computes; false where it does not serve, or would not spare zeros.
func rotated(s ConvSpec) (tileShape, merged, bool) {
	if active != AVX2 || s.Groups == 1 || s.In.C < Block {
		return tileShape{}, merged{}, false
	}
	in, out := s.In.C/s.Groups, s.Out.C/s.Groups
	if m, ok := merge(s); ok && m.in == in {
		return tileShape{}, merged{}, false
	}
	switch half := tileQuads.channels; {
	case in == quad && out == quad:
		return tilePairs, merged{half, half}, true // a group in each half of a vector
	case out%half == 0 && (in%Block == 0 || in%quad == 0 && Block%in == 0):
		return tileQuads, merged{in, out}, true
	}
	return tileShape{}, merged{}, false
}

// quads is the taps of each place in the window, for groups whose sums are
// rotated.
func quads(s ConvSpec) int { return s.In.C / s.Groups / quad }

// packRotated lays out weights as [panel][tap][rotation][lane].
func packRotated(s ConvSpec, take func(n int) []float32) []float32 {
	shape, _ := directTiles(s)
	lanes, perGroup := shape.channels, s.In.C/s.Groups
	window := s.Kernel[0] * s.Kernel[1]
	taps := quads(s) * window
	packed := take(shape.panels(s.Out.C) * taps * rotations * lanes)
	for oc := range s.Out.C {
		for k := range perGroup {
			src := s.Weight[(oc*perGroup+k)*window:][:window]
			lane := oc%lanes/quad*quad + k%quad
			rotation := (oc - k%quad + rotations) % rotations
			for t, w := range src {
				tap := oc/lanes*taps + k/quad*window + t
				packed[(tap*rotations+rotation)*lanes+lane] = w
			}
		}
	}
	return packed
}
