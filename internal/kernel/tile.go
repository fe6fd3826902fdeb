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
	// for each tap of 16 channels. It is only a hint and may lie anywhere.
	ahead uintptr

	// The assembly does not know these: where the weights lie that will be
	// wanted after this panel's, 0 for unknown, and the bytes asked for so far.
	next  uintptr
	asked int
}

// use points the tiles to come at a panel's weights. Those that follow it in
// packed, if any, are wanted next.
func (a *tileArgs) use(packed []float32, at, size int) {
	a.weights, a.next, a.asked = pointer(packed, at), 0, 0
	if at+size < len(packed) {
		a.next = uintptr(pointer(packed, at+size))
	}
}

// prefetch chooses what a tile asks for: the first tiles of a panel share the
// weights wanted next, the others ask for their own, which are there. Weights
// come from memory for each run, too many for the caches, and the processor's
// own prefetching stops at the end of each page.
func (a *tileArgs) prefetch(size int) {
	a.ahead = uintptr(a.weights)
	if a.next != 0 && a.asked < 4*size {
		a.ahead = a.next + uintptr(a.asked)
		a.asked += a.taps * 64 * Block
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
}

var (
	tileAVX512    = tileShape{pixels: 14, half: 7, channels: 32}
	tileNarrow512 = tileShape{pixels: 14, half: 7, channels: 16}
	tileAVX2      = tileShape{pixels: 6, half: 3, channels: 16}
)

// shapeFor is the shape of the tiles of a convolution. Narrow panels waste
// less where groups are small, or the last panel would be half empty and
// there are few.
func shapeFor(s ConvSpec) tileShape {
	if active != AVX512 {
		return tileAVX2
	}
	blocks := blocksOf(s.Out.C)
	if s.Groups > 1 && s.Out.C/s.Groups%tileAVX512.channels != 0 || blocks%2 == 1 && blocks < 10 {
		return tileNarrow512
	}
	return tileAVX512
}

// tileAct is an activation function's number in tileArgs.
func tileAct(a Act) int {
	switch a {
	case ReLU:
		return 1
	case LeakyReLU:
		return 2
	}
	return 0
}

// pointer is the address of an element.
func pointer(x []float32, i int) unsafe.Pointer { return unsafe.Pointer(&x[i]) }
