package kernel

// PackStrassen adds up the quarters of the weights and lays them out as
// [outer product][panel][position][input channel][output channel in the panel].
// Take gives zeroed memory.
func PackStrassen(s ConvSpec, levels int, take func(n int) []float32) []float32 {
	p := strassenPacker{ConvSpec: s, channels: shapeFor(s).channels, in: s.In.C / parts(levels), out: s.Out.C / parts(levels)}
	p.lines = make([]float32, products(levels)*p.channels)
	packed := take(products(levels) * p.in * p.out)
	panels := p.out / p.channels
	for panel := range panels {
		for ic := range p.in {
			for c := range p.channels {
				p.add(levels, panel*p.channels+c, ic, c)
			}
			for i := range products(levels) {
				outer, pos := i/strassenProducts, i%strassenProducts
				at := (((outer*panels+panel)*strassenProducts+pos)*p.in + ic) * p.channels
				copy(packed[at:at+p.channels], p.lines[i*p.channels:])
			}
		}
	}
	return packed
}

// strassenPacker packs the weights of a channel of each part.
type strassenPacker struct {
	ConvSpec
	channels int // of a panel
	in, out  int // channels of a part
	// lines are an input channel's weights, by position. In their places they lie
	// so far apart that they would share a few sets of the caches.
	lines []float32
}

// add puts the sums of an output channel into the lines.
func (p *strassenPacker) add(levels, oc, ic, c int) {
	if levels == 1 {
		p.store(0, c, strassenWeights(p.quarters(oc, ic, 1)))
		return
	}
	var sums [quarters][strassenProducts]float32 // of the quarters, for each inner one
	for q := range sums {
		sums[q] = strassenWeights(p.quarters(oc+q%2*p.out, ic+q/2*p.in, 2))
	}
	for outer := range strassenProducts {
		p.store(outer, c, strassenWeights([quarters]float32{sums[0][outer], sums[1][outer], sums[2][outer], sums[3][outer]}))
	}
}

// store puts the weights of an outer product's positions into the lines.
func (p *strassenPacker) store(outer, c int, weights [strassenProducts]float32) {
	lines := p.lines[outer*strassenProducts*p.channels:]
	for pos, x := range weights {
		lines[pos*p.channels+c] = x
	}
}

// quarters are the weights B00, B01, B10 and B11 whose channels lie so many
// parts apart, from an output and an input channel on.
func (p *strassenPacker) quarters(oc, ic, apart int) [quarters]float32 {
	left, right := p.Weight[oc*p.In.C+ic:], p.Weight[(oc+apart*p.out)*p.In.C+ic:]
	below := apart * p.in
	return [quarters]float32{left[0], right[0], left[below], right[below]}
}

// strassenWeights are the sums of the quarters of B that the seven products take.
func strassenWeights(b [quarters]float32) [strassenProducts]float32 {
	b00, b01, b10, b11 := b[0], b[1], b[2], b[3]
	return [strassenProducts]float32{b00 + b11, b00, b01 - b11, b10 - b00, b11, b00 + b01, b10 + b11}
}
