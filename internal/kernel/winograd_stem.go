package kernel

import "unsafe"

// The stem, a 7x7 convolution of stride 2 of up to four planar channels, is one
// of stride 1 with a 4x4 window between maps of half the size: a pixel of its
// input holds two columns of two rows of each channel, and the eighth row and
// column of weights is zero. F(4x4, 4x4) takes 49 multiplications of such pixels
// for 16 outputs in place of 256.

// stemPhases is how many pixels of a channel make one of the smaller map.
const stemPhases = 4

// Of the rows that a tile's transform begins with: two to each channel, for as
// many channels as fill a block.
const stemStreams = Block / 2

// CanWinogradStem reports whether a convolution is one, in a planar layout.
func CanWinogradStem(s ConvSpec) bool {
	return CanBlock(s) && s.Groups == 1 && s.In.C*stemPhases <= Block && s.Kernel == [2]int{7, 7} &&
		s.Stride == [2]int{2, 2} && s.Dilation == [2]int{1, 1}
}

// winogradStemCost models it.
func winogradStemCost(s ConvSpec) float64 {
	items, shape := len(winogradTiles(s, stemTile))*s.In.N, stemShape()
	area, outs := stemTile.area(), blocksOf(s.Out.C)
	calls := area * ceilDiv(items, shape.pixels) * ceilDiv(s.Out.C, shape.channels)
	return float64(area*s.In.C*stemPhases*outs)*perWeight(items) +
		transformCost*float64(items*area*(1+outs)) + float64(shape.callCost()*calls)
}

// stemArgs are the arguments of the assembly of the input's transform. The
// generator knows the fields' offsets.
type stemArgs struct {
	in    unsafe.Pointer
	pitch int // bytes from row to row of the input
	out   unsafe.Pointer
	step  int // bytes from position to position of the output
	count int // of vectors, of four pixels, of tiles
}

// stemProductArgs are those of the products of a panel of 16 outputs. Steps lead
// from position to position, in bytes.
type stemProductArgs struct {
	v, m, weights    unsafe.Pointer
	stepV, stepM     int
	positions, tiles int
	quads            int // of channels
}

// stemShape is the size of the products' tiles.
func stemShape() tileShape {
	if active == AVX512 {
		return tileNarrow512
	}
	return tileAVX2
}

// winogradStem is the convolution. From V on it is Winograd's.
type winogradStem struct {
	winograd
	longest int // stretch of a row of tiles that is transformed at once
}

// cachedStem is the items of a task: V, M, the weights and the rows of the input
// stay in level-2 cache.
const cachedStem = 30

// NewWinogradStem returns the kernel of a convolution of a planar input, for
// which Packed is PackWinogradStem's.
func NewWinogradStem(s BlockedSpec) Kernel {
	k := &winogradStem{winograd: winograd{BlockedSpec: s, isa: active, tile: stemTile}}
	k.tiles = winogradTiles(s.ConvSpec, stemTile)
	shape := stemShape()
	k.transformed = transformed{
		shape: shape, packed: s.Packed, items: len(k.tiles) * s.In.N, area: stemTile.area(),
		blocks: 1, panels: ceilDiv(s.Out.C, shape.channels),
	}
	position := transformCost * float64(k.area)
	k.cut(cutting{workers: s.Workers, items: cachedStem, in: position, out: position * float64(shape.channels/Block)})
	k.lay(ceilDiv(k.chunk, shape.pixels) * shape.pixels)
	k.longest = min(k.chunk, k.perRow())
	k.scale = padded(s.Scale, k.panels*shape.channels, 1)
	k.shift = padded(s.Shift, k.panels*shape.channels, 0)
	return k
}

func (k *winogradStem) Name() string { return "conv.winograd.stem." + k.isa.String() }

// perRow is the tiles of a row of an image.
func (k *winogradStem) perRow() int { return ceilDiv(k.Out.W, stemTile.outputs()) }

// Scratch is V and M as in Winograd's, the transforms' own and the rows of a
// stretch of tiles, then one of its pixels.
func (k *winogradStem) Scratch() int {
	width := stemWidth(k.longest)
	return k.winograd.Scratch() + stemTile.size()*stemStreams*width + width/2*Block
}

// stemWidth is the columns of the input that so many tiles side by side read,
// up to whole vectors.
func stemWidth(tiles int) int { return 2*stemTile.outputs()*tiles + 8 }

func (k *winogradStem) Do(a *Args, task int, scratch []float32) {
	first, n, from, to := k.span(task)
	take := func(n int) []float32 {
		part := scratch[:n]
		scratch = scratch[n:]
		return part
	}
	v, m, own := take(k.sizeV()), take(k.sizeM()), take(maxArea*Block)
	for i := 0; i < n; {
		stretch := min(n-i, k.perRow()-(first+i)%k.perRow())
		k.transformStretch(v[i*Block:], a.In[0], scratch, first+i, stretch)
		i += stretch
	}
	for panel := from; panel < to; panel++ {
		k.multiply(m, v, panel, n)
		k.transformOutput(a, m, own, panel, first, n)
	}
}

// multiply computes M for a panel. Its last tile may go beyond the task's items,
// in a chunk of whole tiles.
func (k *winogradStem) multiply(m, v []float32, panel, n int) {
	depth := k.In.C * stemPhases
	stemProducts(k.isa, &stemProductArgs{
		v: pointer(v, 0), m: pointer(m, 0), weights: pointer(k.packed, panel*k.area*depth*Block),
		stepV: 4 * k.stepV(), stepM: 4 * k.stepM(), positions: k.area, tiles: ceilDiv(n, k.shape.pixels), quads: k.In.C,
	})
}

// transformStretch computes V of tiles that lie side by side: downwards in all
// rows, then row by row along it.
func (k *winogradStem) transformStretch(v, in, scratch []float32, first, n int) {
	width := stemWidth(n)
	image, t := k.tileAt(first)
	k.gather(scratch, in, image, t.y, t.x, width)
	perRow := stemStreams * width
	size := stemTile.size()
	stemColumns(k.isa, &stemArgs{
		in: pointer(scratch, 0), pitch: 4 * perRow, count: 2 * k.In.C * width / k.vector(),
	})
	pixels := pointer(scratch, size*perRow)
	for i := range size {
		stemPixels(&stemArgs{in: pointer(scratch, i*perRow), pitch: 4 * width, out: pixels, count: width / 8})
		stemRow(k.isa, &stemArgs{in: pixels, out: pointer(v, i*size*k.stepV()), step: 4 * k.stepV(), count: n})
	}
}

// vector is the lanes of the assembly.
func (k *winogradStem) vector() int {
	if k.isa == AVX512 {
		return 16
	}
	return 8
}

// gather copies the input rows that the tiles from an output pixel on see, with
// padding: for each row of the smaller map, two rows of each channel, and zeros
// for the channels that are not there.
func (k *winogradStem) gather(dst, src []float32, image, y, x, width int) {
	left := 2*x - k.Padding[1] // the first column of the input
	for i := range stemTile.size() {
		rows := dst[i*stemStreams*width:][:stemStreams*width]
		for stream := range 2 * k.In.C {
			line, row := rows[stream*width:][:width], 2*(y+i)+stream%2-k.Padding[0]
			if row < 0 || row >= k.In.H {
				clear(line)
				continue
			}
			at := ((image*k.In.C+stream/2)*k.In.H + row) * k.In.W
			copyPadded(line, src[at:at+k.In.W], left)
		}
		clear(rows[2*k.In.C*width:])
	}
}

// copyPadded copies what lies from some element of a row on, which may be before
// its first, with zeros outside.
func copyPadded(dst, row []float32, from int) {
	zeros := min(len(dst), max(0, -from))
	clear(dst[:zeros])
	n := zeros
	if from += zeros; from < len(row) {
		n += copy(dst[zeros:], row[from:])
	}
	clear(dst[n:])
}
