package kernel

import "unsafe"

// The stem, a 7x7 convolution of stride 2 of up to four planar channels, is one
// of stride 1 with a 4x4 window between maps of half the size: a pixel of its
// input holds two columns of two rows of each channel, and the eighth row and
// column of weights is zero. Winograd's F(4x4, 4x4) takes 49 multiplications of
// such pixels for 16 outputs in place of 256.

// The extents of a tile, and how many pixels of a channel make one of the smaller
// map.
const (
	stemOutputs   = 4
	stemSize      = 7
	stemPositions = stemSize * stemSize
	stemPhases    = 4
)

// CanWinogradStem reports whether a convolution is one, where its input is
// planar.
func CanWinogradStem(s ConvSpec) bool {
	return CanBlock(s) && s.Groups == 1 && s.In.C*stemPhases <= Block && s.Kernel == [2]int{7, 7} &&
		s.Stride == [2]int{2, 2} && s.Dilation == [2]int{1, 1}
}

// winogradStemCost models it.
func winogradStemCost(s ConvSpec) float64 {
	items, outs := stemItems(s), BlocksOf(s.Out.C)
	products := float64(stemPositions*s.In.C*stemPhases*outs) * perWeight(items)
	return products + transformCost*float64(items*stemPositions*(1+outs))
}

// stemItems is the tiles of a batch.
func stemItems(s ConvSpec) int {
	return s.Out.N * CeilDiv(s.Out.H, stemOutputs) * CeilDiv(s.Out.W, stemOutputs)
}

// stemShape is the size of the products' tiles.
func stemShape() tileShape {
	if active == AVX512 {
		return tileNarrow512
	}
	return tileAVX2
}

// winogradStem is the convolution.
type winogradStem struct {
	BlockedSpec
	transformed
	isa    ISA
	affine []float32 // 16 scales and 16 shifts for each block of outputs
	perRow int       // tiles of a row of an image
}

// cachedStem is the most items of a task: V, M, the weights and the rows of the
// input stay in level-2 cache.
const cachedStem = 36

// NewWinogradStem returns the kernel of a convolution of a planar input, for
// which Packed is PackWinogradStem's. Its arguments are NewBlockedConv's.
func NewWinogradStem(s BlockedSpec) Kernel {
	k := &winogradStem{BlockedSpec: s, isa: active, perRow: CeilDiv(s.Out.W, stemOutputs)}
	k.transformed = transformed{
		shape: stemShape(), packed: s.Packed, items: stemItems(s.ConvSpec), area: stemPositions,
		blocks: 1, panels: BlocksOf(s.Out.C),
	}
	k.cut(cutting{
		workers: s.Workers, items: cachedStem,
		in: transformCost * stemPositions, out: transformCost * stemPositions,
	})
	scale, shift := Padded(s.Scale, k.panels*Block, 1), Padded(s.Shift, k.panels*Block, 0)
	for b := range k.panels {
		k.affine = append(k.affine, scale[b*Block:(b+1)*Block]...)
		k.affine = append(k.affine, shift[b*Block:(b+1)*Block]...)
	}
	return k
}

func (k *winogradStem) Name() string { return "conv.winograd.stem." + k.isa.String() }

// Scratch is V and M, and what the transforms need.
func (k *winogradStem) Scratch() int {
	return k.floatsV() + k.floatsM() + max(stemInputScratch(min(k.chunk, k.perRow)), stemOutputs*stemSize*Block)
}

func (k *winogradStem) Do(a *Args, task int, scratch []float32) {
	first, n, from, to := k.Span(task)
	v, m, own := scratch[:k.floatsV()], scratch[k.floatsV():][:k.floatsM()], scratch[k.floatsV()+k.floatsM():]
	for i := 0; i < n; {
		t := k.stretch(first+i, n-i)
		k.transformInput(v[i*Block:], a.In[0], own, t)
		i += t.tiles
	}
	for panel := from; panel < to; panel++ {
		k.multiply(m, v, panel, n)
		for i := 0; i < n; {
			t := k.stretch(first+i, n-i)
			k.transformOutput(a, m[i*Block:], own, panel, t)
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
func (k *winogradStem) stretch(item, n int) tileStretch {
	perImage := k.perRow * CeilDiv(k.Out.H, stemOutputs)
	row, x := item%perImage/k.perRow, item%k.perRow
	return tileStretch{item / perImage, row * stemOutputs, x * stemOutputs, min(n, k.perRow-x)}
}

// stemProductArgs are the arguments of the assembly that multiplies the items of
// all positions with a panel of 16 outputs. Steps lead from position to position,
// in bytes. The generator knows the fields' offsets.
type stemProductArgs struct {
	v, m, weights    unsafe.Pointer
	stepV, stepM     int
	positions, tiles int
	quads            int // of channels: a channel's phases are one
}

// floatsV and floatsM are what V and M take, with what the last tile of items
// reads and writes beyond them.
func (k *winogradStem) floatsV() int { return k.sizeV() + k.shape.pixels*Block }
func (k *winogradStem) floatsM() int { return k.sizeM() + k.shape.pixels*Block }

// multiply computes M for a panel. All tiles are whole: those that go beyond the
// items of a position write what the next one overwrites.
func (k *winogradStem) multiply(m, v []float32, panel, n int) {
	stemProducts(k.isa, &stemProductArgs{
		v: Pointer(v, 0), m: Pointer(m, 0), weights: Pointer(k.packed, panel*stemPositions*k.In.C*stemPhases*Block),
		stepV: 4 * k.stepV(), stepM: 4 * k.stepM(), positions: stemPositions,
		tiles: CeilDiv(n, k.shape.pixels), quads: k.In.C,
	})
}
