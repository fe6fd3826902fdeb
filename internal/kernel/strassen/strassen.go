package strassen

import (
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/tile"
	"github.com/vertebra-vision/vertebra/internal/kernel/transformed"
)

// The most floats of a chunk's V and of its sums: more of a chunk reads the
// weights less often, and these more from further away.
const (
	mostV      = 200 << 10
	sumsFloats = 512 << 10
)

// mostItems is how many items a chunk should have at most.
func (k *strassen) mostItems() int {
	items := mostV / (k.Area * k.Blocks * kernel.Block)
	if k.levels == Two {
		items = min(items, sumsFloats/(k.Outer*quarters*k.Panels*k.Shape.Channels))
	}
	return items
}

// strassen is the convolution. V and M are of seven products; of two levels,
// those of each of the outer products in turn, whose results wait in sums.
type strassen struct {
	kernel.BlockedSpec
	transformed.Work
	levels Levels
	// The transforms.
	input, inputPair, output kernel.Routine
	bands                    int // of an image
	perBand                  int // items
	scale, shift             []float32
	outside                  []float32 // the input and the residual of pixels outside
}

// newStrassen returns a kernel for which Packed is Pack's.
func newStrassen(s kernel.BlockedSpec, l Levels) kernel.Kernel {
	k := &strassen{
		BlockedSpec: s, levels: l,
		input: table.Find("input", s.ISA), inputPair: table.Find("inputPair", s.ISA), output: table.Find("output", s.ISA),
		outside: kernel.Aligned(kernel.Block),
	}
	if k.IsFlat() {
		k.Flatten()
	}
	shape := tile.For(s.ConvSpec)
	k.Work = transformed.Work{
		Shape: shape, Weights: s.Packed,
		Outer: l.products() / perLevel, Area: perLevel,
		Blocks: s.In.C / l.parts() / kernel.Block, Panels: s.Out.C / l.parts() / shape.Channels,
	}
	k.cut(transformed.Cutting{
		Workers: s.Workers, Items: k.mostItems(),
		In: l.inCost(s.ConvSpec), Out: l.outCost(s.ConvSpec) * float64(shape.Channels/kernel.Block),
	})
	k.scale, k.shift = kernel.Padded(s.Scale, s.Out.C, 1), kernel.Padded(s.Shift, s.Out.C, 0)
	return k
}

func (k *strassen) Name() string { return "conv." + k.levels.Name() + "." + k.ISA.String() }

// Scratch is where outputs go that lie outside, V of a chunk, M of a chunk and
// panel, and of two levels the sums of a chunk and a group of panels.
func (k *strassen) Scratch() int {
	floats := kernel.Block + k.SizeV() + k.SizeM()
	if k.levels == Two {
		floats += k.PerGroup * k.sizeSums()
	}
	return floats
}

// sizeSums is the floats of a panel's sums, [outer product][quarter][item]; and
// stepSums those from product to product, spread like M's.
func (k *strassen) sizeSums() int { return k.Outer * k.stepSums() }
func (k *strassen) stepSums() int { return (quarters*k.channelBlocks()*k.Chunk | 1) * kernel.Block }

// channelBlocks is how many blocks a panel has.
func (k *strassen) channelBlocks() int { return k.Shape.Channels / kernel.Block }

func (k *strassen) Do(a *kernel.Args, task int, scratch []float32) {
	first, n, from, to := k.Span(task)
	outside, scratch := scratch[:kernel.Block], scratch[kernel.Block:]
	v, m, sums := scratch[:k.SizeV()], scratch[k.SizeV():][:k.SizeM()], scratch[k.SizeV()+k.SizeM():]
	for outer := range k.Outer {
		k.transformInput(v, a.In[0], outer, first, n)
		for panel := from; panel < to; panel++ {
			k.Multiply(m, v, outer*k.Panels+panel, n)
			if k.levels == Two {
				k.sum(sums[(panel-from)*k.sizeSums()+outer*k.stepSums():], m, n)
			} else {
				k.transformOutput(a, productsAt{m, 4 * k.StepM()}, outside, panel, 0, first, n)
			}
		}
	}
	if k.levels == One {
		return
	}
	for panel := from; panel < to; panel++ {
		for inner := range quarters {
			at := (panel-from)*k.sizeSums() + inner*k.channelBlocks()*k.Chunk*kernel.Block
			k.transformOutput(a, productsAt{sums[at:], 4 * k.stepSums()}, outside, panel, inner, first, n)
		}
	}
}
