package winograd

import (
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/tile"
)

// Pack transforms and lays out weights as
// [panel][position][input channel][output channel in the panel]: U = G·g·Gᵀ,
// computed in float64. Take gives zeroed memory.
func (f F) Pack(s kernel.ConvSpec, _ kernel.Layout, take func(n int) []float32) []float32 {
	channels := tile.For(s).Channels
	group, _ := tile.Merge(s)
	panels, depth := kernel.CeilDiv(s.Out.C, channels), kernel.BlocksOf(group.In)*kernel.Block
	packed := take(panels * f.area() * depth * channels)
	perGroup, outs := s.In.C/s.Groups, s.Out.C/s.Groups
	var u [maxArea]float64
	lines := make([]float32, maxArea*channels) // an input channel's, by position
	for panel := range panels {
		first := panel * channels / group.Out * group.Out / outs // of the panel's groups
		for ic := range group.In {
			clear(lines)
			for c := range min(channels, s.Out.C-panel*channels) {
				oc := panel*channels + c
				k := ic - (oc/outs-first)*perGroup
				if k < 0 || k >= perGroup {
					continue // of another of the merged groups
				}
				f.weights(&u, s.Weight[(oc*perGroup+k)*9:][:9])
				for pos, x := range u[:f.area()] {
					lines[pos*channels+c] = float32(x)
				}
			}
			for pos := range f.area() {
				at := ((panel*f.area()+pos)*depth + ic) * channels
				copy(packed[at:at+channels], lines[pos*channels:])
			}
		}
	}
	return packed
}

// weights computes U = G·g·Gᵀ of a 3x3 window.
func (f F) weights(u *[maxArea]float64, window []float32) {
	w := (*[9]float32)(window)
	var rows [8][3]float64 // G·g
	size := int(f) + 2
	for x := range 3 {
		a, b, c := float64(w[x]), float64(w[3+x]), float64(w[6+x])
		column := f.expand(a, b, c)
		for i := range size {
			rows[i][x] = column[i]
		}
	}
	for i := range size {
		r := &rows[i]
		line := f.expand(r[0], r[1], r[2])
		copy(u[i*size:(i+1)*size], line[:])
	}
}

// expand multiplies G with a column of three.
func (f F) expand(a, b, c float64) [8]float64 {
	switch f {
	case F2:
		return [8]float64{a, (a + b + c) / 2, (a - b + c) / 2, c}
	case F3:
		return [8]float64{a / 2, -(a + b + c) / 2, (b - a - c) / 6, a/6 + b/3 + c*2/3, c}
	case F6:
		near, far := a/90+c*2/45, (32*a+8*c)/45
		return [8]float64{a, -(a + b + c) * 2 / 9, (b - a - c) * 2 / 9, near + b/45, near - b/45, far + b*16/45, far - b*16/45, c}
	}
	outer, far := -(a+c)/6, a/24+c/6
	return [8]float64{a / 4, outer - b/6, outer + b/6, far + b/12, far - b/12, c}
}
