package kernel

// PackStrassen adds up the quarters of the weights and lays them out as
// [outer product][panel][position][input channel][output channel in the panel].
// Take gives zeroed memory.
func PackStrassen(s ConvSpec, levels int, take func(n int) []float32) []float32 {
	p := strassenPacker{ConvSpec: s, channels: shapeFor(s).channels, in: s.In.C / parts(levels), out: s.Out.C / parts(levels)}
	p.packed = take(products(levels) * p.in * p.out)
	for oc := range p.out {
		for ic := range p.in {
			if levels == 2 {
				p.two(oc, ic)
			} else {
				p.store(0, oc, ic, strassenWeights(p.quarters(oc, ic, 1)))
			}
		}
	}
	return p.packed
}

// strassenPacker packs the weights of a channel of each part.
type strassenPacker struct {
	ConvSpec
	packed   []float32
	channels int // of a panel
	in, out  int // channels of a part
}

// quarters are the weights B00, B01, B10 and B11 whose channels lie so many
// parts apart, from an output and an input channel on.
func (p *strassenPacker) quarters(oc, ic, apart int) [quarters]float32 {
	left, right := p.Weight[oc*p.In.C+ic:], p.Weight[(oc+apart*p.out)*p.In.C+ic:]
	below := apart * p.in
	return [quarters]float32{left[0], right[0], left[below], right[below]}
}

// two makes the sums of both levels: of the quarters, then of the sums of inner
// quarters.
func (p *strassenPacker) two(oc, ic int) {
	var sums [quarters][strassenProducts]float32
	for q := range sums {
		sums[q] = strassenWeights(p.quarters(oc+q%2*p.out, ic+q/2*p.in, 2))
	}
	for outer := range strassenProducts {
		p.store(outer, oc, ic, strassenWeights([quarters]float32{sums[0][outer], sums[1][outer], sums[2][outer], sums[3][outer]}))
	}
}

// store lays out the weights of an outer product's seven positions.
func (p *strassenPacker) store(outer, oc, ic int, weights [strassenProducts]float32) {
	panel, c := oc/p.channels, oc%p.channels
	panels := p.out / p.channels
	for pos, x := range weights {
		p.packed[(((outer*panels+panel)*strassenProducts+pos)*p.in+ic)*p.channels+c] = x
	}
}

// strassenWeights are the sums of the quarters of B that the seven products take.
func strassenWeights(b [quarters]float32) [strassenProducts]float32 {
	b00, b01, b10, b11 := b[0], b[1], b[2], b[3]
	return [strassenProducts]float32{b00 + b11, b00, b01 - b11, b10 - b00, b11, b00 + b01, b10 + b11}
}
