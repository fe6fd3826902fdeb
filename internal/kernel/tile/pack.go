package tile

import (
	"fmt"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// Format names the packing of a convolution's weights, so that plans which
// need the same share it.
func Format(s kernel.ConvSpec, in kernel.Layout) string {
	shape, _ := ForDirect(s)
	format := fmt.Sprintf("%v.%d", s.ISA, shape.Channels)
	if !in.Blocked {
		format += ".planar"
	}
	return format
}

// Pack lays out weights for blocked convolutions as
// [panel][tap][input channel][output channel in the panel]: the order in which
// tiles read them. Channels beyond the layer's are zero. A planar input has
// its channels among the taps. Narrow groups have an order of their own. Take
// gives zeroed memory.
func Pack(s kernel.ConvSpec, in kernel.Layout, take func(n int) []float32) []float32 {
	shape, groups := ForDirect(s)
	if shape.Group > 0 {
		return packNarrow(s, shape, take)
	}
	channels := shape.Channels
	panels := kernel.CeilDiv(s.Out.C, channels)
	window := s.Kernel[0] * s.Kernel[1]
	inner, outer := 1, groups.In
	if in.Blocked {
		inner, outer = kernel.Block, kernel.BlocksOf(groups.In)
	}
	depth := outer * window * inner
	packed := take(panels * depth * channels)
	perGroup, outs := s.In.C/s.Groups, s.Out.C/s.Groups
	for oc := range s.Out.C {
		dst := packed[oc/channels*depth*channels+oc%channels:]
		// The group's first channel among those of its merged group.
		first := oc / outs * perGroup % groups.In
		for k := range perGroup {
			ic := first + k
			src := s.Weight[(oc*perGroup+k)*window:][:window]
			for t, w := range src {
				row := (ic/inner*window+t)*inner + ic%inner
				dst[row*channels] = w
			}
		}
	}
	return packed
}

// packNarrow lays out weights as [panel][tap][half of the tap][sum][lane].
func packNarrow(s kernel.ConvSpec, shape Shape, take func(n int) []float32) []float32 {
	perGroup, lanes := s.In.C/s.Groups, shape.Channels
	window := s.Kernel[0] * s.Kernel[1]
	taps := Quads(s) * window
	packed := take(shape.Panels(s.Out.C) * taps * Quad * lanes)
	for oc := range s.Out.C {
		for k := range perGroup {
			row, lane := shape.meet(oc%lanes, k%Quad)
			for t, w := range s.Weight[(oc*perGroup+k)*window:][:window] {
				tap := oc/lanes*taps + k/Quad*window + t
				packed[(tap*Quad+row)*lanes+lane] = w
			}
		}
	}
	return packed
}

// meet tells in which of the four vectors of a tap's weights, and in which of
// its lanes, the weight from an input of the tap to an output of the panel lies.
func (s Shape) meet(out, in int) (row, lane int) {
	if s == Fours { // lanes hold inputs 0 0 2 2, then 1 1 3 3
		return in%2*2 + (in^out)>>1&1, out&^2 | in&2
	}
	return in/2*2 + (in^out)&1, out&^1 | in&1 // 0 1 0 1, then 2 3 2 3
}
