package stem

import (
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/tile"
	"github.com/vertebra-vision/vertebra/internal/kernel/transformed"
)

// shape is the size of the products' tiles.
func shape(isa kernel.ISA) tile.Shape {
	if isa == kernel.AVX512 {
		return tile.Narrow512
	}
	return tile.Wide256
}

// stem is the convolution.
type stem struct {
	kernel.BlockedSpec
	transformed.Work
	routines
	affine []float32 // 16 scales and 16 shifts for each block of outputs
	perRow int       // tiles of a row of an image
}

// mostItems is the most items of a task: V, M, the weights and the rows of the
// input stay in level-2 cache.
const mostItems = 36

// newStem returns the kernel of a convolution of a planar input, for which
// Packed is Pack's.
func newStem(s kernel.BlockedSpec) kernel.Kernel {
	k := &stem{BlockedSpec: s, routines: find(s.ISA), perRow: kernel.CeilDiv(s.Out.W, outputs)}
	k.Work = transformed.Work{
		Shape: shape(s.ISA), Weights: s.Packed, Items: items(s.ConvSpec), Area: positions,
		Blocks: 1, Panels: kernel.BlocksOf(s.Out.C),
	}
	k.Cut(transformed.Cutting{
		Workers: s.Workers, Items: mostItems,
		In: transformed.TransformCost * positions, Out: transformed.TransformCost * positions,
	})
	scale, shift := kernel.Padded(s.Scale, k.Panels*kernel.Block, 1), kernel.Padded(s.Shift, k.Panels*kernel.Block, 0)
	for b := range k.Panels {
		k.affine = append(k.affine, scale[b*kernel.Block:(b+1)*kernel.Block]...)
		k.affine = append(k.affine, shift[b*kernel.Block:(b+1)*kernel.Block]...)
	}
	return k
}

func (k *stem) Name() string { return "conv.winograd.stem." + k.ISA.String() }

// Scratch is V and M, and what the transforms need.
func (k *stem) Scratch() int {
	return k.floatsV() + k.floatsM() + max(inputScratch(min(k.Chunk, k.perRow)), outputs*size*kernel.Block)
}

func (k *stem) Do(a *kernel.Args, task int, scratch []float32) {
	first, n, from, to := k.Span(task)
	v, m, own := scratch[:k.floatsV()], scratch[k.floatsV():][:k.floatsM()], scratch[k.floatsV()+k.floatsM():]
	for i := 0; i < n; {
		t := k.stretch(first+i, n-i)
		k.transformInput(v[i*kernel.Block:], a.In[0], own, t)
		i += t.tiles
	}
	for panel := from; panel < to; panel++ {
		k.multiply(m, v, panel, n)
		for i := 0; i < n; {
			t := k.stretch(first+i, n-i)
			k.transformOutput(a, m[i*kernel.Block:], own, panel, t)
			i += t.tiles
		}
	}
}

// tileStretch is some tiles that lie side by side.
type tileStretch struct {
	image, y, x int // of the first output
	tiles       int
}

// stretch is the tiles from an item of the batch on that lie in one row, up to n.
func (k *stem) stretch(item, n int) tileStretch {
	perImage := k.perRow * kernel.CeilDiv(k.Out.H, outputs)
	row, x := item%perImage/k.perRow, item%k.perRow
	return tileStretch{item / perImage, row * outputs, x * outputs, min(n, k.perRow-x)}
}
