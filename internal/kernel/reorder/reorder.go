package reorder

import (
	"unsafe"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// reorder copies a map from one layout to another.
type reorder struct {
	kernel.NoScratch
	dims     kernel.Dims
	from, to kernel.Layout
	squares  kernel.Routine
}

// New returns a copy of a map into another layout; one of the two is
// planar.
func New(dims kernel.Dims, from, to kernel.Layout) kernel.Kernel {
	if blocked := (kernel.Layout{Blocked: true}); from == blocked || to == blocked {
		// Rows without a halo follow each other: one long row leaves fewer
		// pixels over than many short ones.
		dims.H, dims.W = 1, dims.Plane()
	}
	return &reorder{dims: dims, from: from, to: to, squares: table.Find(transpose, kernel.Active())}
}

func (k *reorder) Name() string { return "reorder" }
func (k *reorder) Tasks() int   { return k.dims.N * kernel.BlocksOf(k.dims.C) }

func (k *reorder) Do(a *kernel.Args, task int, _ []float32) {
	image, block := task/kernel.BlocksOf(k.dims.C), task%kernel.BlocksOf(k.dims.C)
	channels := min(kernel.Block, k.dims.C-block*kernel.Block)
	planar := (image*k.dims.C + block*kernel.Block) * k.dims.Plane()
	if k.to.Blocked {
		k.to.ClearHalo(a.Out, k.dims, image, block, 0, k.dims.H)
	}
	for y := range k.dims.H {
		row := planar + y*k.dims.W
		if k.to.Blocked {
			at := k.to.At(k.dims, image, block, y, 0)
			k.gather(a.Out[at:at+k.dims.W*kernel.Block], a.In[0][row:], channels)
		} else {
			at := k.from.At(k.dims, image, block, y, 0)
			k.scatter(a.Out[row:], a.In[0][at:at+k.dims.W*kernel.Block], channels)
		}
	}
}

// transpose is the name of the routine.
const transpose = "transpose8x8"

// Routines lists the room's assembly.
func Routines() kernel.Routines { return table }

// transposeArgs are those of out[j][i] = in[i][j] over squares of 8x8. Pitches
// lead from row to row of a square, steps from square to square, in bytes. The
// generator knows the offsets of the fields.
type transposeArgs struct {
	in              unsafe.Pointer
	inPitch, inStep int
	out             unsafe.Pointer
	outPitch        int
	outStep         int
	count           int
}

// square is the side of what the assembly transposes.
const square = 8

// gather makes a row of pixels of the rows of channels.
func (k *reorder) gather(dst, src []float32, channels int) {
	if channels < kernel.Block {
		clear(dst)
	}
	plane, width := k.dims.Plane(), k.dims.W
	wide, done := width/square*square, 0
	if wide > 0 && k.squares.Code != nil {
		for ; done+square <= channels; done += square {
			kernel.Call(k.squares.Code, &transposeArgs{
				in: kernel.Pointer(src, done*plane), inPitch: 4 * plane, inStep: 4 * square,
				out: kernel.Pointer(dst, done), outPitch: 4 * kernel.Block, outStep: 4 * square * kernel.Block,
				count: wide / square,
			})
		}
	}
	for c := range channels {
		line := src[c*plane : c*plane+width]
		for x := start(c < done, wide); x < width; x++ {
			dst[x*kernel.Block+c] = line[x]
		}
	}
}

// scatter makes rows of channels of a row of pixels.
func (k *reorder) scatter(dst, src []float32, channels int) {
	plane, width := k.dims.Plane(), k.dims.W
	wide, done := width/square*square, 0
	if wide > 0 && k.squares.Code != nil {
		for ; done+square <= channels; done += square {
			kernel.Call(k.squares.Code, &transposeArgs{
				in: kernel.Pointer(src, done), inPitch: 4 * kernel.Block, inStep: 4 * square * kernel.Block,
				out: kernel.Pointer(dst, done*plane), outPitch: 4 * plane, outStep: 4 * square,
				count: wide / square,
			})
		}
	}
	for c := range channels {
		line := dst[c*plane : c*plane+width]
		for x := start(c < done, wide); x < width; x++ {
			line[x] = src[x*kernel.Block+c]
		}
	}
}

// start is the first pixel of a channel that the squares leave over.
func start(inSquares bool, wide int) int {
	if inSquares {
		return wide
	}
	return 0
}
