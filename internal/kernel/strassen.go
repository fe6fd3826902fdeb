package kernel

// Strassen's algorithm (1969) multiplies two matrices cut into quarters with
// seven products of quarters in place of eight. A pointwise convolution is
// such a multiplication: of pixels by input channels, A, with input by output
// channels, B.
//
//	M0 = (A00+A11)(B00+B11)  M1 = (A10+A11)B00  M2 = A00(B01-B11)  M3 = A11(B10-B00)
//	M4 = (A00+A01)B11  M5 = (A10-A00)(B00+B01)  M6 = (A01-A11)(B10+B11)
//
// A level saves an eighth of the multiplications less what the additions cost.
// A second one computes each of the seven products in the same way: pixels and
// channels are cut into four parts, and a quarter of a quarter is inner.
const strassenProducts = 7

// levels is how often an algorithm cuts matrices into quarters.
func (a Algorithm) levels() int {
	if a == Strassen2 {
		return 2
	}
	return 1
}

// parts is how many there are after so many levels, of pixels and of channels.
func parts(levels int) int { return 1 << levels }

// products is how many there are after so many levels.
func products(levels int) int {
	if levels == 2 {
		return strassenProducts * strassenProducts
	}
	return strassenProducts
}

// CanStrassen reports whether there is a kernel of Strassen's algorithm of so
// many levels for a convolution: 1x1 of one group, whose channels can be cut
// into whole blocks and panels.
func CanStrassen(s ConvSpec, levels int) bool {
	return CanBlock(s) && s.Kernel == [2]int{1, 1} && s.Padding == [2]int{} && s.Groups == 1 &&
		s.In.C%(parts(levels)*Block) == 0 && s.Out.C%(parts(levels)*shapeFor(s).channels) == 0
}

// strassenCost models Strassen's algorithm as winogradCost does Winograd's.
func strassenCost(s ConvSpec, levels int) float64 {
	items := strassenItems(s, levels) * s.In.N
	shape, n := shapeFor(s), parts(levels)
	weights := products(levels) * s.In.C / n * BlocksOf(s.Out.C) / n
	tiles := products(levels) * CeilDiv(items, shape.pixels) * s.Out.C / n / shape.channels
	sums := strassenInCost(s, levels) + strassenOutCost(s, levels)*float64(BlocksOf(s.Out.C)/n)
	return float64(weights)*perWeight(items) + sums*float64(items) + float64(shape.callCost()*tiles)
}

// What the transforms of an item cost, of a block of each part of the channels,
// in multiplications of vectors, by the levels; and how much more where the map
// comes from further than a level-2 cache.
var (
	strassenIn  = [...]float64{1: 32, 2: 260}
	strassenOut = [...]float64{1: 40, 2: 380}
	strassenFar = [...]float64{1: 16, 2: 80}
)

// nearFloats is the size of maps that are found in level-2 caches.
const nearFloats = 512 << 10

// strassenInCost is what transforming all channels of an item costs.
func strassenInCost(s ConvSpec, levels int) float64 {
	cost := strassenIn[levels]
	if s.In.C*s.Out.Plane() > nearFloats { // what strides leave out is not read
		cost += strassenFar[levels]
	}
	return cost * float64(BlocksOf(s.In.C)/parts(levels))
}

// strassenOutCost is what transforming a block's products of an item costs.
func strassenOutCost(s ConvSpec, levels int) float64 {
	if s.Out.C*s.Out.Plane() > nearFloats {
		return strassenOut[levels] + strassenFar[levels]
	}
	return strassenOut[levels]
}

// The most floats of a chunk's V and of its sums: more of a chunk reads the
// weights less often, and these more from further away.
const (
	strassenV  = 200 << 10
	sumsFloats = 512 << 10
)

// mostItems is how many items a chunk should have at most.
func (k *strassen) mostItems() int {
	items := strassenV / (k.area * k.blocks * Block)
	if k.levels == 2 {
		items = min(items, sumsFloats/(k.outer*quarters*k.panels*k.shape.channels))
	}
	return items
}

// strassen is the convolution. V and M are of seven products; of two levels,
// those of each of the outer products in turn, whose results wait in sums.
type strassen struct {
	BlockedSpec
	transformed
	isa          ISA
	levels       int
	bands        int // of an image
	perBand      int // items
	scale, shift []float32
	outside      []float32 // the input and the residual of pixels outside
}

// NewStrassen returns a kernel for which Packed is PackStrassen's. Its
// arguments are NewBlockedConv's.
func NewStrassen(s BlockedSpec, levels int) Kernel {
	k := &strassen{
		BlockedSpec: s, isa: active, levels: levels,
		bands: 1, perBand: strassenItems(s.ConvSpec, levels), outside: Aligned(Block),
	}
	if k.IsFlat() {
		k.flatten()
	}
	shape := shapeFor(s.ConvSpec)
	k.transformed = transformed{
		shape: shape, packed: s.Packed, items: k.perBand * s.In.N,
		outer: products(levels) / strassenProducts, area: strassenProducts,
		blocks: s.In.C / parts(levels) / Block, panels: s.Out.C / parts(levels) / shape.channels,
	}
	k.cut(cutting{
		workers: s.Workers, items: k.mostItems(),
		in: strassenInCost(s.ConvSpec, levels), out: strassenOutCost(s.ConvSpec, levels) * float64(shape.channels/Block),
	})
	k.cutBands()
	k.scale, k.shift = Padded(s.Scale, s.Out.C, 1), Padded(s.Shift, s.Out.C, 0)
	return k
}

func (k *strassen) Name() string {
	if k.levels == 2 {
		return "conv.strassen2." + k.isa.String()
	}
	return "conv.strassen." + k.isa.String()
}

// Scratch is where outputs go that lie outside, V of a chunk, M of a chunk and
// panel, and of two levels the sums of a chunk and a group of panels.
func (k *strassen) Scratch() int {
	floats := Block + k.sizeV() + k.sizeM()
	if k.levels == 2 {
		floats += k.perGroup * k.sizeSums()
	}
	return floats
}

// sizeSums is the floats of a panel's sums, [outer product][quarter][item]; and
// stepSums those from product to product, spread like M's.
func (k *strassen) sizeSums() int { return k.outer * k.stepSums() }
func (k *strassen) stepSums() int { return (quarters*k.channelBlocks()*k.chunk | 1) * Block }

// channelBlocks is how many blocks a panel has.
func (k *strassen) channelBlocks() int { return k.shape.channels / Block }

func (k *strassen) Do(a *Args, task int, scratch []float32) {
	first, n, from, to := k.Span(task)
	outside, scratch := scratch[:Block], scratch[Block:]
	v, m, sums := scratch[:k.sizeV()], scratch[k.sizeV():][:k.sizeM()], scratch[k.sizeV()+k.sizeM():]
	for outer := range k.outer {
		k.transformInput(v, a.In[0], outer, first, n)
		for panel := from; panel < to; panel++ {
			k.multiply(m, v, outer*k.panels+panel, n)
			if k.levels == 2 {
				k.sum(sums[(panel-from)*k.sizeSums()+outer*k.stepSums():], m, n)
			} else {
				k.transformOutput(a, productsAt{m, 4 * k.stepM()}, outside, panel, 0, first, n)
			}
		}
	}
	if k.levels == 1 {
		return
	}
	for panel := from; panel < to; panel++ {
		for inner := range quarters {
			at := (panel-from)*k.sizeSums() + inner*k.channelBlocks()*k.chunk*Block
			k.transformOutput(a, productsAt{sums[at:], 4 * k.stepSums()}, outside, panel, inner, first, n)
		}
	}
}
