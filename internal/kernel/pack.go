package kernel

import "fmt"

// PackFormat names the packing of a convolution's weights, so that plans which
// need the same share it.
func PackFormat(s ConvSpec, in Layout) string {
	shape, _ := directTiles(s)
	format := fmt.Sprintf("%v.%d", active, shape.channels)
	if !in.Blocked {
		format += ".planar"
	}
	return format
}

// PackConv lays out weights for blocked convolutions as
// [panel][tap][input channel][output channel in the panel]: the order in which
// tiles read them. Channels beyond the layer's are zero. A planar input has
// its channels among the taps. Narrow groups have an order of their own. Take
// gives zeroed memory.
func PackConv(s ConvSpec, in Layout, take func(n int) []float32) []float32 {
	shape, group := directTiles(s)
	if shape.group > 0 {
		return packNarrow(s, shape, take)
	}
	channels := shape.channels
	panels := CeilDiv(s.Out.C, channels)
	window := s.Kernel[0] * s.Kernel[1]
	inner, outer := 1, group.in
	if in.Blocked {
		inner, outer = Block, BlocksOf(group.in)
	}
	depth := outer * window * inner
	packed := take(panels * depth * channels)
	perGroup, outs := s.In.C/s.Groups, s.Out.C/s.Groups
	for oc := range s.Out.C {
		dst := packed[oc/channels*depth*channels+oc%channels:]
		// The group's first channel among those of its merged group.
		first := oc / outs * perGroup % group.in
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
