package kernel

import "unsafe"

// tileArgs are the arguments of the assembly that computes one tile of a
// convolution: some pixels by one panel of output channels. The generator
// knows the fields' offsets.
type tileArgs struct {
	// in0 and in1 are where the window of the first pixel and of the half-th
	// begins; offsets lead from there to each tap, in bytes.
	in0, in1 unsafe.Pointer
	weights  unsafe.Pointer
	offsets  unsafe.Pointer
	taps     int
	stride   int // bytes from one pixel's window to the next
	// out0 and out1 are where the first and the half-th pixel go; outBlock is
	// the bytes from one block of channels to the next.
	out0, out1 unsafe.Pointer
	outBlock   int
	res0, res1 unsafe.Pointer // nil for no residual
	resBlock   int
	scale      unsafe.Pointer
	shift      unsafe.Pointer
	act        int // 0 none, 1 ReLU, 2 LeakyReLU
	slope      float32
	// ahead is the address of memory to bring into the cache meanwhile, 1 KiB
	// for each tap of 16 channels, until aheadEnd; then it is the weights in
	// use, which are there. It is only a hint and may lie anywhere.
	ahead, aheadEnd uintptr
	// A run of count tiles has these bytes from tile to tile.
	count                    int
	inStep, outStep, resStep int
	// The assembly of runs takes maps whose pixels are so many bytes apart, and
	// a part of the taps: resume adds to the sums of the parts before, a tile's
	// after another, and pause leaves sums instead of outputs. The assembly moves
	// sums on even where there are none, which a pointer must not do.
	outPixel, resPixel int
	sums               uintptr
	resume, pause      int
	// It may go on with the row below: rows are left, of perRow tiles each, and
	// these bytes lead from the last tile of one to the first of the next.
	rows, perRow          int
	rowIn, rowOut, rowRes int
}

// tapsAhead is how many taps ahead the assembly asks for pixels; the generator
// knows it.
const tapsAhead = 4

// withAhead puts beyond the end of the offsets of taps those that the assembly
// asks for last: the first of the tile to come, which lies so many bytes on.
func withAhead(offsets []int, tile int) []int {
	n := len(offsets)
	for i := range tapsAhead {
		offsets = append(offsets, offsets[i]+tile)
	}
	return offsets[:n]
}

// use points the tiles to come at a panel's weights, and asks for those that
// follow it in packed. Weights come from memory for each run, too many for the
// caches, and the processor's own prefetching stops at the end of each page.
func (a *tileArgs) use(packed []float32, at, size int) {
	a.weights = Pointer(packed, at)
	a.ahead = uintptr(a.weights)
	if at+size < len(packed) {
		a.ahead = uintptr(Pointer(packed, at+size))
	}
	a.aheadEnd = a.ahead + 4*uintptr(size)
}

// tileRun is some tiles of equal size that lie side by side, in some rows if the
// assembly computes runs.
type tileRun struct{ pixels, count, rows int }

// runs cuts a line of pixels into tiles of about the same size.
func (s tileShape) runs(width int) [2]tileRun {
	tiles := CeilDiv(width, s.pixels)
	pixels, larger := width/tiles, width%tiles
	return [2]tileRun{{pixels + 1, larger, 1}, {pixels, tiles - larger, 1}}
}

// advance goes on to the next tile, for assembly that computes only one. After
// the last, pointers must not leave what they point into.
func (a *tileArgs) advance() {
	a.in0, a.in1 = unsafe.Add(a.in0, a.inStep), unsafe.Add(a.in1, a.inStep)
	a.out0, a.out1 = unsafe.Add(a.out0, a.outStep), unsafe.Add(a.out1, a.outStep)
	if a.res0 != nil {
		a.res0, a.res1 = unsafe.Add(a.res0, a.resStep), unsafe.Add(a.res1, a.resStep)
	}
}

// askAhead moves on what is asked for, after a tile.
func (a *tileArgs) askAhead() {
	if a.ahead += uintptr(a.taps * 64 * Block); a.ahead >= a.aheadEnd {
		a.ahead = uintptr(a.weights)
	}
}

// poolArgs are the arguments of the assembly that pools a row of pixels.
type poolArgs struct {
	in      unsafe.Pointer // where the first window begins
	offsets unsafe.Pointer // bytes from there to each tap
	taps    int
	stride  int // bytes from one window to the next
	out     unsafe.Pointer
	pixels  int
}

// tileShape is the size of a tile.
type tileShape struct {
	// pixels is the most that a tile has. half of them may lie on another
	// row.
	pixels, half int
	// channels is the width of a panel.
	channels int
	// loops tells whether the assembly computes runs and parts of the taps.
	loops bool
	// group is how many outputs of a group a narrow panel holds: 4 of two groups,
	// or 8 of one. 0 is for panels that inputs are broadcast to.
	group int
}

// panels is how many cover so many channels and the rest of the last block.
func (s tileShape) panels(channels int) int {
	return CeilDiv(channels, max(Block, s.channels)) * s.perBlock()
}

// perBlock is how many panels share a block. They belong to one task, since
// each writes a part of every cache line.
func (s tileShape) perBlock() int { return max(1, Block/s.channels) }

var (
	tileAVX512    = tileShape{pixels: 14, half: 7, channels: 32}
	tileNarrow512 = tileShape{pixels: 14, half: 7, channels: 16}
	tileAVX2      = tileShape{pixels: 6, half: 3, channels: 16, loops: true}
	tileFours     = tileShape{pixels: 6, half: 3, channels: 8, loops: true, group: 4}
	tileEights    = tileShape{pixels: 6, half: 3, channels: 8, loops: true, group: 8}
)

// directTiles is the shape of the tiles of a direct convolution, and its groups
// as they see them.
func directTiles(s ConvSpec) (tileShape, merged) {
	if shape, group, ok := narrow(s); ok {
		return shape, group
	}
	group, _ := merge(s)
	return shapeFor(s), group
}

// shapeFor is the shape of the tiles that broadcast inputs. Narrow panels waste
// less where groups are small, or the last panel would be half empty and
// there are few.
func shapeFor(s ConvSpec) tileShape {
	if active != AVX512 {
		return tileAVX2
	}
	blocks := BlocksOf(s.Out.C)
	if s.Groups > 1 && s.Out.C/s.Groups%tileAVX512.channels != 0 || blocks%2 == 1 && blocks < 10 {
		return tileNarrow512
	}
	return tileAVX512
}
