package strassen

import (
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/tile"
)

// Pack adds up the quarters of the weights and lays them out as
// [outer product][panel][position][input channel][output channel in the panel].
// Take gives zeroed memory.
func (l Levels) Pack(s kernel.ConvSpec, _ kernel.Layout, take func(n int) []float32) []float32 {
	p := packer{ConvSpec: s, channels: tile.For(s).Channels, in: s.In.C / l.parts(), out: s.Out.C / l.parts()}
	p.lines = make([]float32, l.products()*p.channels)
	packed := take(l.products() * p.in * p.out)
	panels := p.out / p.channels
	for panel := range panels {
		for ic := range p.in {
			for c := range p.channels {
				p.add(l, panel*p.channels+c, ic, c)
			}
			for i := range l.products() {
				outer, pos := i/perLevel, i%perLevel
				at := (((outer*panels+panel)*perLevel+pos)*p.in + ic) * p.channels
				copy(packed[at:at+p.channels], p.lines[i*p.channels:])
			}
		}
	}
	return packed
}

// packer packs the weights of a channel of each part.
type packer struct {
	kernel.ConvSpec
	channels int // of a panel
	in, out  int // channels of a part
	// lines are an input channel's weights, by position. In their places they lie
	// so far apart that they would share a few sets of the caches.
	lines []float32
}

// add puts the sums of an output channel into the lines.
func (p *packer) add(l Levels, oc, ic, c int) {
	if l == One {
		p.store(0, c, combine(p.quarters(oc, ic, 1)))
		return
	}
	var sums [quarters][perLevel]float32 // of the quarters, for each inner one
	for q := range sums {
		sums[q] = combine(p.quarters(oc+q%2*p.out, ic+q/2*p.in, 2))
	}
	for outer := range perLevel {
		p.store(outer, c, combine([quarters]float32{sums[0][outer], sums[1][outer], sums[2][outer], sums[3][outer]}))
	}
}

// store puts the weights of an outer product's positions into the lines.
func (p *packer) store(outer, c int, weights [perLevel]float32) {
	lines := p.lines[outer*perLevel*p.channels:]
	for pos, x := range weights {
		lines[pos*p.channels+c] = x
	}
}

// quarters are the weights B00, B01, B10 and B11 whose channels lie so many
// parts apart, from an output and an input channel on.
func (p *packer) quarters(oc, ic, apart int) [quarters]float32 {
	left, right := p.Weight[oc*p.In.C+ic:], p.Weight[(oc+apart*p.out)*p.In.C+ic:]
	below := apart * p.in
	return [quarters]float32{left[0], right[0], left[below], right[below]}
}

// combine are the sums of the quarters of B that the seven products take.
func combine(b [quarters]float32) [perLevel]float32 {
	b00, b01, b10, b11 := b[0], b[1], b[2], b[3]
	return [perLevel]float32{b00 + b11, b00, b01 - b11, b10 - b00, b11, b00 + b01, b10 + b11}
}
