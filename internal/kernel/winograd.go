package kernel

import "unsafe"

// Winograd's F(4x4, 3x3) computes a 4x4 tile of outputs from a 6x6 tile of
// inputs with 36 multiplications a channel in place of 144 (Lavin and Gray,
// 2016): V = Bᵀ·d·B, M = U·V for each of the 36 positions, Y = Aᵀ·M·A.
const (
	winoTile = 4
	winoSize = winoTile + 2
	winoArea = winoSize * winoSize
)

// winogradArgs are the arguments of the transforms' assembly.
type winogradArgs struct {
	in    unsafe.Pointer // the first of 6x6 pixels, or of 36 positions
	pitch int            // bytes from row to row: of the input, of the output
	pixel int            // bytes from pixel to pixel, in both and the residual
	out   unsafe.Pointer // the first of 36 positions, or of 4x4 pixels
	step  int            // bytes from position to position
	// scratch holds 36 vectors.
	scratch       unsafe.Pointer
	scale, shift  unsafe.Pointer
	residual      unsafe.Pointer // nil for none
	residualPitch int
	rows, columns int // of the output tile that lie inside the map
	act           int
	slope         float32
}

// CanWinograd reports whether there is a Winograd kernel for a convolution:
// 3x3 of stride 1, with any dilation, which makes it so many convolutions of
// interleaved pixels.
func CanWinograd(s ConvSpec) bool {
	return CanBlock(s) && s.Kernel == [2]int{3, 3} && s.Stride == [2]int{1, 1} &&
		s.Dilation[0] == s.Dilation[1] && s.In.C >= Block
}

// WinogradPays is the rule for choosing Winograd over direct convolution. It
// multiplies less but reads four times the weights, so it needs tiles enough
// to use each weight for; and little padding of the last tiles.
func WinogradPays(s ConvSpec) bool {
	if !CanWinograd(s) {
		return false
	}
	tiles := len(winogradTiles(s)) * s.In.N
	direct := 9 * s.Out.Plane() * s.Out.N
	return tiles >= 8 && float64(winoArea*tiles) < 0.62*float64(direct)
}

// WinogradExtra is how far beyond its halo a Winograd convolution reads its
// input, on the right and the bottom.
func WinogradExtra(s ConvSpec, halo int) int {
	d := s.Dilation[0]
	extra := 0
	for _, extent := range [][2]int{{s.In.H, s.Out.H}, {s.In.W, s.Out.W}} {
		tiles := ceilDiv(ceilDiv(extent[1], d), winoTile)
		last := d - 1 + d*(winoTile*tiles+1) - s.Padding[0]
		extra = max(extra, last-(extent[0]-1)-halo)
	}
	return extra
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// winogradTile is a tile of output pixels, a dilation apart from each other.
type winogradTile struct{ y, x, rows, columns int }

// winogradTiles lists the tiles of one image.
func winogradTiles(s ConvSpec) []winogradTile {
	d := s.Dilation[0]
	var list []winogradTile
	for dy := range min(d, s.Out.H) {
		for dx := range min(d, s.Out.W) {
			rows, columns := ceilDiv(s.Out.H-dy, d), ceilDiv(s.Out.W-dx, d)
			for y := 0; y < rows; y += winoTile {
				for x := 0; x < columns; x += winoTile {
					list = append(list, winogradTile{
						y: dy + y*d, x: dx + x*d,
						rows: min(winoTile, rows-y), columns: min(winoTile, columns-x),
					})
				}
			}
		}
	}
	return list
}

// winograd is the convolution. A task transforms a chunk of tiles and
// multiplies it with a group of panels.
type winograd struct {
	BlockedSpec
	isa          ISA
	shape        tileShape
	group        merged
	scale, shift []float32
	ones, zeros  []float32
	tiles        []winogradTile
	offsets      []int // bytes to the blocks of input channels in V
	chunk        int   // tiles a task
	chunks       int
	panels       int
	perGroup     int
	groups       int
}

// winogradFloats bounds V of a task so that it stays in level-2 cache.
const winogradFloats = 160 << 10

// NewWinograd returns a Winograd kernel; Packed is PackWinograd's. Its
// arguments are NewBlockedConv's.
func NewWinograd(s BlockedSpec) Kernel {
	w := &winograd{BlockedSpec: s, isa: active, shape: shapeFor(s.ConvSpec), tiles: winogradTiles(s.ConvSpec)}
	w.group, _ = merge(s.ConvSpec)
	w.panels = ceilDiv(s.Out.C, w.shape.channels)
	w.scale = padded(s.Scale, w.panels*w.shape.channels, 1)
	w.shift = padded(s.Shift, w.panels*w.shape.channels, 0)
	w.ones, w.zeros = padded(nil, w.shape.channels, 1), Aligned(w.shape.channels)
	w.cut()
	for b := range w.blocks() {
		w.offsets = append(w.offsets, 4*b*w.chunk*Block)
	}
	return w
}

func (w *winograd) cut() {
	total := len(w.tiles) * w.In.N
	most := max(w.shape.pixels, winogradFloats/(winoArea*(Block*w.blocks()+w.shape.channels)))
	w.chunks = ceilDiv(total, most)
	w.chunk = ceilDiv(total, w.chunks)
	w.chunks = ceilDiv(total, w.chunk)
	w.perGroup = w.panels
	if w.chunks < enoughTasks {
		w.perGroup = max(1, w.panels*w.chunks/enoughTasks)
	}
	w.groups = ceilDiv(w.panels, w.perGroup)
}

func (w *winograd) Name() string { return "conv.winograd4." + w.isa.String() }
func (w *winograd) Tasks() int   { return w.chunks * w.groups }

// blocks is how many hold the input channels of a merged group.
func (w *winograd) blocks() int { return blocksOf(w.group.in) }

// Scratch is V of a chunk, M of a chunk and panel, and the transforms' own.
func (w *winograd) Scratch() int { return w.sizeV() + w.sizeM() + winoArea*Block }

func (w *winograd) sizeV() int { return winoArea * w.blocks() * w.chunk * Block }
func (w *winograd) sizeM() int { return winoArea * w.chunk * w.shape.channels }

func (w *winograd) Do(a *Args, task int, scratch []float32) {
	group, chunk := task%w.groups, task/w.groups
	first := chunk * w.chunk
	n := min(w.chunk, len(w.tiles)*w.In.N-first)
	v, m, own := scratch[:w.sizeV()], scratch[w.sizeV():][:w.sizeM()], scratch[w.sizeV()+w.sizeM():]
	have := -1 // the merged group that V is of
	for panel := group * w.perGroup; panel < min(w.panels, (group+1)*w.perGroup); panel++ {
		if g := panel * w.shape.channels / w.group.out; g != have && (w.Groups > 1 || have < 0) {
			w.transformInput(v, a.In[0], own, first, n, g)
			have = g
		}
		w.multiply(m, v, panel, n)
		w.transformOutput(a, m, own, panel, first, n)
	}
}

// tileAt finds a tile of the batch.
func (w *winograd) tileAt(i int) (image int, t *winogradTile) {
	return i / len(w.tiles), &w.tiles[i%len(w.tiles)]
}

// transformInput computes V of n tiles, for the channels of a merged group.
func (w *winograd) transformInput(v, in, own []float32, first, n, group int) {
	d := w.Dilation[0]
	blocks := w.blocks()
	args := winogradArgs{
		pitch:   4 * d * w.InLayout.pitch(w.In),
		pixel:   4 * d * Block,
		step:    4 * blocks * w.chunk * Block,
		scratch: pointer(own, 0),
	}
	for i := range n {
		image, t := w.tileAt(first + i)
		for b := range blocks {
			args.in = pointer(in, w.InLayout.at(w.In, image, group*blocks+b, t.y-w.Padding[0], t.x-w.Padding[1]))
			args.out = pointer(v, (b*w.chunk+i)*Block)
			winogradInput(w.isa, args)
		}
	}
}

// multiply computes M for a panel: at each position the tiles are a matrix of
// n pixels, which a pointwise convolution multiplies with the weights.
func (w *winograd) multiply(m, v []float32, panel, n int) {
	depth := len(w.offsets) * Block * w.shape.channels
	t := tileArgs{
		offsets:  unsafe.Pointer(&w.offsets[0]),
		taps:     len(w.offsets),
		stride:   4 * Block,
		outBlock: 4 * w.chunk * Block,
		scale:    pointer(w.ones, 0),
		shift:    pointer(w.zeros, 0),
	}
	tiles := ceilDiv(n, w.shape.pixels)
	for pos := range winoArea {
		t.weights = pointer(w.Packed, (panel*winoArea+pos)*depth)
		in, out := pos*len(w.offsets)*w.chunk*Block, pos*w.chunk*w.shape.channels
		left := n
		for i := range tiles {
			p := (left + tiles - i - 1) / (tiles - i)
			half := min(p-1, w.shape.half) * Block
			t.in0, t.in1 = pointer(v, in), pointer(v, in+half)
			t.out0, t.out1 = pointer(m, out), pointer(m, out+half)
			tile(w.shape, &t, p, true)
			in += p * Block
			out += p * Block
			left -= p
		}
	}
}

func (w *winograd) transformOutput(a *Args, m, own []float32, panel, first, n int) {
	d := w.Dilation[0]
	args := winogradArgs{
		pitch:         4 * d * w.OutLayout.pitch(w.Out),
		pixel:         4 * d * Block,
		step:          4 * w.chunk * w.shape.channels,
		scratch:       pointer(own, 0),
		residualPitch: 4 * d * w.ResidualLayout.pitch(w.Out),
		act:           tileAct(w.Act),
		slope:         w.Slope,
	}
	perPanel := w.shape.channels / Block
	for b := range min(perPanel, blocksOf(w.Out.C)-panel*perPanel) {
		block := panel*perPanel + b
		args.scale, args.shift = pointer(w.scale, block*Block), pointer(w.shift, block*Block)
		for i := range n {
			image, t := w.tileAt(first + i)
			args.in = pointer(m, (b*w.chunk+i)*Block)
			args.out = pointer(a.Out, w.OutLayout.at(w.Out, image, block, t.y, t.x))
			if w.Residual {
				args.residual = pointer(a.In[1], w.ResidualLayout.at(w.Out, image, block, t.y, t.x))
			}
			args.rows, args.columns = t.rows, t.columns
			winogradOutput(w.isa, args)
			if w.lastOfImage(first + i) {
				w.OutLayout.clearHalo(a.Out, w.Out, image, block, 0, w.Out.H)
			}
		}
	}
}

// lastOfImage tells which task clears the halo.
func (w *winograd) lastOfImage(i int) bool { return i%len(w.tiles) == len(w.tiles)-1 }

// PackWinograd transforms and lays out weights as
// [panel][position][input channel][output channel in the panel]: U = G·g·Gᵀ,
// computed in float64.
func PackWinograd(s ConvSpec) []float32 {
	channels := shapeFor(s).channels
	group, _ := merge(s)
	panels, depth := ceilDiv(s.Out.C, channels), blocksOf(group.in)*Block
	packed := Aligned(panels * winoArea * depth * channels)
	perGroup, outs := s.In.C/s.Groups, s.Out.C/s.Groups
	for oc := range s.Out.C {
		first := oc / outs * perGroup % group.in
		for k := range perGroup {
			u := winogradWeights(s.Weight[(oc*perGroup+k)*9:][:9])
			for pos, x := range u {
				packed[((oc/channels*winoArea+pos)*depth+first+k)*channels+oc%channels] = float32(x)
			}
		}
	}
	return packed
}

// winogradG is the matrix G of F(4, 3).
var winogradG = [winoSize][3]float64{
	{1. / 4, 0, 0},
	{-1. / 6, -1. / 6, -1. / 6},
	{-1. / 6, 1. / 6, -1. / 6},
	{1. / 24, 1. / 12, 1. / 6},
	{1. / 24, -1. / 12, 1. / 6},
	{0, 0, 1},
}

func winogradWeights(g []float32) (u [winoArea]float64) {
	var rows [winoSize][3]float64 // G·g
	for i, gr := range winogradG {
		for x := range 3 {
			for k := range 3 {
				rows[i][x] += gr[k] * float64(g[k*3+x])
			}
		}
	}
	for i := range winoSize {
		for j, gr := range winogradG {
			for k := range 3 {
				u[i*winoSize+j] += rows[i][k] * gr[k]
			}
		}
	}
	return u
}
