package kernel

import (
	"fmt"
	"unsafe"
)

// Winograd's F(4x4, 3x3) computes a 4x4 tile of outputs from a 6x6 tile of
// inputs with 36 multiplications a channel in place of 144, and F(2x2, 3x3) a
// 2x2 tile from 4x4 with 16 in place of 36 (Lavin and Gray, 2016):
// V = Bᵀ·d·B, M = U·V for each position of the tile, Y = Aᵀ·M·A.
type winogradTile int // the outputs in each direction

const (
	noWinograd winogradTile = 0
	winograd2  winogradTile = 2
	winograd3  winogradTile = 3
	winograd4  winogradTile = 4
	winograd6  winogradTile = 6
)

// area is the number of positions.
func (t winogradTile) area() int { return int(t+2) * int(t+2) }

// maxArea is F(6x6, 3x3)'s.
const maxArea = 64

// winogradArgs are the arguments of the transforms' assembly.
type winogradArgs struct {
	in    unsafe.Pointer // the first pixel, or of the positions
	pitch int            // bytes from row to row: of the input, of the output
	pixel int            // bytes from pixel to pixel, in both and the residual
	out   unsafe.Pointer // the first of the positions, or pixel
	step  int            // bytes from position to position
	// scratch holds a vector for each position.
	scratch       unsafe.Pointer
	scale, shift  unsafe.Pointer
	residual      unsafe.Pointer // nil for none
	residualPitch int
	rows, columns int // of the output tile that lie inside the map
	act           int
	slope         float32
	// ahead is the bytes to the input tile that is wanted next. Each half of the
	// channels asks for every other row.
	ahead int
}

// CanWinograd reports whether there is a Winograd kernel for a convolution:
// 3x3 of stride 1, with any dilation, which makes it so many convolutions of
// interleaved pixels.
func CanWinograd(s ConvSpec) bool {
	_, ok := merge(s)
	return ok && CanBlock(s) && s.Kernel == [2]int{3, 3} && s.Stride == [2]int{1, 1} &&
		s.Dilation[0] == s.Dilation[1] && s.In.C >= Block
}

// transformCost is what the transforms of a tile cost, a position on either
// side, in multiplications of vectors.
const transformCost = 7.5

// winogradCost models Winograd's algorithm on one group.
func winogradCost(s ConvSpec, t winogradTile) float64 {
	g, _ := merge(s)
	items := len(winogradTiles(s, t)) * s.In.N
	tiles := float64(items)
	weights := float64(t.area() * g.in * BlocksOf(g.out))
	blocks := float64(BlocksOf(g.in) + BlocksOf(g.out))
	shape := shapeFor(s)
	calls := t.area() * CeilDiv(items, shape.pixels) * CeilDiv(g.out, shape.channels)
	return weights*perWeight(items) + transformCost*tiles*float64(t.area())*blocks + float64(shape.callCost()*calls)
}

// WinogradExtra is how far beyond its halo a convolution with tiles of the
// given size reads its input, on the right and the bottom.
func WinogradExtra(s ConvSpec, tile, halo int) int {
	d := s.Dilation[0]
	extra := 0
	for _, extent := range [][2]int{{s.In.H, s.Out.H}, {s.In.W, s.Out.W}} {
		tiles := CeilDiv(CeilDiv(extent[1], d), tile)
		last := d - 1 + d*(tile*tiles+1) - s.Padding[0]
		extra = max(extra, last-(extent[0]-1)-halo)
	}
	return extra
}

// outputTile is a tile of output pixels, a dilation apart from each other.
type outputTile struct{ y, x, rows, columns int }

// winogradTiles lists the tiles of one image.
func winogradTiles(s ConvSpec, t winogradTile) []outputTile {
	d, size := s.Dilation[0], int(t)
	var list []outputTile
	for dy := range min(d, s.Out.H) {
		for dx := range min(d, s.Out.W) {
			rows, columns := CeilDiv(s.Out.H-dy, d), CeilDiv(s.Out.W-dx, d)
			for y := 0; y < rows; y += size {
				for x := 0; x < columns; x += size {
					list = append(list, outputTile{
						y: dy + y*d, x: dx + x*d,
						rows: min(size, rows-y), columns: min(size, columns-x),
					})
				}
			}
		}
	}
	return list
}

// winograd is the convolution.
type winograd struct {
	BlockedSpec
	transformed
	isa          ISA
	group        merged
	scale, shift []float32
	tile         winogradTile
	tiles        []outputTile // of an image
}

// NewWinograd returns a kernel with tiles of the given size, for which Packed
// is PackWinograd's. Its arguments are NewBlockedConv's.
func NewWinograd(s BlockedSpec, tile int) Kernel {
	w := &winograd{BlockedSpec: s, isa: active, tile: winogradTile(tile)}
	w.tiles = winogradTiles(s.ConvSpec, w.tile)
	w.group, _ = merge(s.ConvSpec)
	shape := shapeFor(s.ConvSpec)
	w.transformed = transformed{
		shape: shape, packed: s.Packed, items: len(w.tiles) * s.In.N, area: w.tile.area(),
		blocks: BlocksOf(w.group.in), panels: CeilDiv(s.Out.C, shape.channels),
	}
	perBlock := transformCost * float64(w.area)
	w.cut(cutting{
		workers: s.Workers, items: w.mostV() / (w.area * w.blocks * Block),
		in: perBlock * float64(w.blocks), out: perBlock * float64(shape.channels/Block),
	})
	w.scale = Padded(s.Scale, w.panels*shape.channels, 1)
	w.shift = Padded(s.Shift, w.panels*shape.channels, 0)
	return w
}

// V of a task stays in level-2 cache; but where the weights do not fit beside
// it, reading them again for the next chunk costs more than V from level-3
// cache.
const (
	cachedV  = 128 << 10 // floats
	largestV = 512 << 10
	cachedU  = 160 << 10
)

func (w *winograd) mostV() int {
	if w.area*w.group.in*w.group.out > cachedU {
		return largestV
	}
	return cachedV
}

func (w *winograd) Name() string { return fmt.Sprintf("conv.winograd%d.%v", w.tile, w.isa) }

// Scratch is V of a chunk, M of a chunk and panel, and the transforms' own.
func (w *winograd) Scratch() int { return w.sizeV() + w.sizeM() + maxArea*Block }

func (w *winograd) Do(a *Args, task int, scratch []float32) {
	first, n, from, to := w.Span(task)
	v, m, own := scratch[:w.sizeV()], scratch[w.sizeV():][:w.sizeM()], scratch[w.sizeV()+w.sizeM():]
	have := -1 // the merged group that V is of
	for panel := from; panel < to; panel++ {
		if g := panel * w.shape.channels / w.group.out; g != have && (w.Groups > 1 || have < 0) {
			w.transformInput(v, a.In[0], own, first, n, g)
			have = g
		}
		w.multiply(m, v, panel, n)
		w.transformOutput(a, m, own, panel, first, n)
	}
}

// tileAt finds a tile of the batch.
func (w *winograd) tileAt(i int) (image int, t *outputTile) {
	return i / len(w.tiles), &w.tiles[i%len(w.tiles)]
}

// transformInput computes V of n tiles, for the channels of a merged group.
func (w *winograd) transformInput(v, in, own []float32, first, n, group int) {
	d := w.Dilation[0]
	args := winogradArgs{
		pitch:   4 * d * w.InLayout.Pitch(w.In),
		pixel:   4 * d * Block,
		step:    4 * w.stepV(),
		scratch: Pointer(own, 0),
		ahead:   4 * w.InLayout.Plane(w.In),
	}
	for i := range n {
		image, t := w.tileAt(first + i)
		for b := range w.blocks {
			args.in = Pointer(in, w.InLayout.At(w.In, image, group*w.blocks+b, t.y-w.Padding[0], t.x-w.Padding[1]))
			args.out = Pointer(v, (b*w.chunk+i)*Block)
			winogradInput(w.isa, int(w.tile), args)
		}
	}
}

func (w *winograd) transformOutput(a *Args, m, own []float32, panel, first, n int) {
	d := w.Dilation[0]
	args := winogradArgs{
		pitch:         4 * d * w.OutLayout.Pitch(w.Out),
		pixel:         4 * d * Block,
		step:          4 * w.stepM(),
		scratch:       Pointer(own, 0),
		residualPitch: 4 * d * w.ResidualLayout.Pitch(w.Out),
		act:           w.Act.Number(),
		slope:         w.Slope,
	}
	perPanel := w.shape.channels / Block
	for b := range min(perPanel, BlocksOf(w.Out.C)-panel*perPanel) {
		block := panel*perPanel + b
		args.scale, args.shift = Pointer(w.scale, block*Block), Pointer(w.shift, block*Block)
		for i := range n {
			image, t := w.tileAt(first + i)
			args.in = Pointer(m, (b*w.chunk+i)*Block)
			args.out = Pointer(a.Out, w.OutLayout.At(w.Out, image, block, t.y, t.x))
			if w.Residual {
				args.residual = Pointer(a.In[1], w.ResidualLayout.At(w.Out, image, block, t.y, t.x))
			}
			args.rows, args.columns = t.rows, t.columns
			winogradOutput(w.isa, int(w.tile), args)
			if w.lastOfImage(first + i) {
				w.OutLayout.ClearHalo(a.Out, w.Out, image, block, 0, w.Out.H)
			}
		}
	}
}

// lastOfImage tells which task clears the halo.
func (w *winograd) lastOfImage(i int) bool { return i%len(w.tiles) == len(w.tiles)-1 }

// PackWinograd transforms and lays out weights as
// [panel][position][input channel][output channel in the panel]: U = G·g·Gᵀ,
// computed in float64. Take gives zeroed memory.
func PackWinograd(s ConvSpec, tile int, take func(n int) []float32) []float32 {
	t := winogradTile(tile)
	channels := shapeFor(s).channels
	group, _ := merge(s)
	panels, depth := CeilDiv(s.Out.C, channels), BlocksOf(group.in)*Block
	packed := take(panels * t.area() * depth * channels)
	perGroup, outs := s.In.C/s.Groups, s.Out.C/s.Groups
	var u [maxArea]float64
	lines := make([]float32, maxArea*channels) // an input channel's, by position
	for panel := range panels {
		first := panel * channels / group.out * group.out / outs // of the panel's groups
		for ic := range group.in {
			clear(lines)
			for c := range min(channels, s.Out.C-panel*channels) {
				oc := panel*channels + c
				k := ic - (oc/outs-first)*perGroup
				if k < 0 || k >= perGroup {
					continue // of another of the merged groups
				}
				t.weights(&u, s.Weight[(oc*perGroup+k)*9:][:9])
				for pos, x := range u[:t.area()] {
					lines[pos*channels+c] = float32(x)
				}
			}
			for pos := range t.area() {
				at := ((panel*t.area()+pos)*depth + ic) * channels
				copy(packed[at:at+channels], lines[pos*channels:])
			}
		}
	}
	return packed
}

// weights computes U = G·g·Gᵀ of a 3x3 window.
func (t winogradTile) weights(u *[maxArea]float64, window []float32) {
	w := (*[9]float32)(window)
	var rows [8][3]float64 // G·g
	size := int(t) + 2
	for x := range 3 {
		a, b, c := float64(w[x]), float64(w[3+x]), float64(w[6+x])
		column := t.expand(a, b, c)
		for i := range size {
			rows[i][x] = column[i]
		}
	}
	for i := range size {
		r := &rows[i]
		line := t.expand(r[0], r[1], r[2])
		copy(u[i*size:(i+1)*size], line[:])
	}
}

// expand multiplies G with a column of three.
func (t winogradTile) expand(a, b, c float64) [8]float64 {
	switch t {
	case winograd2:
		return [8]float64{a, (a + b + c) / 2, (a - b + c) / 2, c}
	case winograd3:
		return [8]float64{a / 2, -(a + b + c) / 2, (b - a - c) / 6, a/6 + b/3 + c*2/3, c}
	case winograd6:
		near, far := a/90+c*2/45, (32*a+8*c)/45
		return [8]float64{a, -(a + b + c) * 2 / 9, (b - a - c) * 2 / 9, near + b/45, near - b/45, far + b*16/45, far - b*16/45, c}
	}
	outer, far := -(a+c)/6, a/24+c/6
	return [8]float64{a / 4, outer - b/6, outer + b/6, far + b/12, far - b/12, c}
}
