package tile

import (
	"unsafe"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// Args are the arguments of the assembly that computes one tile of a
// convolution: some pixels by one panel of output channels. The generator
// knows the fields' offsets.
type Args struct {
	// In0 and In1 are where the window of the first pixel and of the half-th
	// begins; Offsets lead from there to each tap, in bytes.
	In0, In1 unsafe.Pointer
	Weights  unsafe.Pointer
	Offsets  unsafe.Pointer
	Taps     int
	Stride   int // bytes from one pixel's window to the next
	// Out0 and Out1 are where the first and the half-th pixel go; OutBlock is
	// the bytes from one block of channels to the next.
	Out0, Out1 unsafe.Pointer
	OutBlock   int
	Res0, Res1 unsafe.Pointer // nil for no residual
	ResBlock   int
	Scale      unsafe.Pointer
	Shift      unsafe.Pointer
	Act        int // 0 none, 1 ReLU, 2 LeakyReLU
	Slope      float32
	// ahead is the address of memory to bring into the cache meanwhile, 1 KiB
	// for each tap of 16 channels, until aheadEnd; then it is the weights in
	// use, which are there. It is only a hint and may lie anywhere.
	ahead, aheadEnd uintptr
	// A run of Count tiles has these bytes from tile to tile.
	Count                    int
	InStep, OutStep, ResStep int
	// The assembly of runs takes maps whose pixels are so many bytes apart, and
	// a part of the taps: Resume adds to the sums of the parts before, a tile's
	// after another, and Pause leaves sums instead of outputs. The assembly moves
	// sums on even where there are none, which a pointer must not do.
	OutPixel, ResPixel int
	Sums               uintptr
	Resume, Pause      int
	// It may go on with the row below: Rows are left, of perRow tiles each, and
	// these bytes lead from the last tile of one to the first of the next.
	Rows, perRow          int
	RowIn, RowOut, RowRes int
}

// tapsAhead is how many taps ahead the assembly asks for pixels; the generator
// knows it.
const tapsAhead = 4

// WithAhead puts beyond the end of the offsets of taps those that the assembly
// asks for last: the first of the tile to come, which lies so many bytes on.
func WithAhead(offsets []int, tile int) []int {
	n := len(offsets)
	for i := range tapsAhead {
		offsets = append(offsets, offsets[i]+tile)
	}
	return offsets[:n]
}

// Use points the tiles to come at a panel's weights, and asks for those that
// follow it in packed. Weights come from memory for each run, too many for the
// caches, and the processor's own prefetching stops at the end of each page.
func (a *Args) Use(packed []float32, at, size int) {
	a.Weights = kernel.Pointer(packed, at)
	a.ahead = uintptr(a.Weights)
	if at+size < len(packed) {
		a.ahead = uintptr(kernel.Pointer(packed, at+size))
	}
	a.aheadEnd = a.ahead + 4*uintptr(size)
}

// advance goes on to the next tile, for assembly that computes only one. After
// the last, pointers must not leave what they point into.
func (a *Args) advance() {
	a.In0, a.In1 = unsafe.Add(a.In0, a.InStep), unsafe.Add(a.In1, a.InStep)
	a.Out0, a.Out1 = unsafe.Add(a.Out0, a.OutStep), unsafe.Add(a.Out1, a.OutStep)
	if a.Res0 != nil {
		a.Res0, a.Res1 = unsafe.Add(a.Res0, a.ResStep), unsafe.Add(a.Res1, a.ResStep)
	}
}

// askAhead moves on what is asked for, after a tile.
func (a *Args) askAhead() {
	if a.ahead += uintptr(a.Taps * 64 * kernel.Block); a.ahead >= a.aheadEnd {
		a.ahead = uintptr(a.Weights)
	}
}
