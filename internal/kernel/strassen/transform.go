package strassen

import (
	"unsafe"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// inputArgs are the arguments of the input transform's assembly, for a run
// of items.
type inputArgs struct {
	in     [quarters]unsafe.Pointer
	other  [quarters]unsafe.Pointer // of a pair: A is in + sign·other
	sign   float32
	stride int // bytes from pixel to pixel
	end    int // bytes of all of them
	v      unsafe.Pointer
	step   int // bytes from position to position
	ahead  int // bytes to the pixels that are wanted next; not of a pair
}

// outputArgs are those of the output transform's.
type outputArgs struct {
	m            unsafe.Pointer
	step         int
	out          [quarters]unsafe.Pointer
	residual     [quarters]unsafe.Pointer // nil for none
	scale, shift [2]unsafe.Pointer        // by half of the channels
	pixels       int
	act          int
	slope        float32
}

// operands are the quarters of A that the seven products take: one, or the
// sum or difference of two.
var operands = [perLevel]struct {
	a, b int
	sign float32 // 0 for one alone
}{{0, 3, 1}, {2, 3, 1}, {0, 0, 0}, {3, 3, 0}, {0, 1, 1}, {2, 0, -1}, {1, 3, -1}}

// Routines lists the room's assembly.
func Routines() kernel.Routines { return table }

// transformInput computes V of n items, for one of the outer products.
func (k *strassen) transformInput(v, in []float32, outer, first, n int) {
	args := inputArgs{stride: 4 * kernel.Block * k.Stride[1], step: 4 * k.StepV(), ahead: 4 * k.InLayout.Plane(k.In)}
	from := operands[outer]
	code := k.input.Code
	if k.levels == Two && from.sign != 0 {
		args.sign, code = from.sign, k.inputPair.Code
	}
	for i := 0; i < n; {
		r := k.run(first+i, n-i)
		args.end = r.n * args.stride
		var a, b [quarters]quarterInput
		for q := range quarters {
			a[q], b[q] = k.source(in, &r, from.a, q), k.source(in, &r, from.b, q)
		}
		for block := range k.Blocks {
			for q := range quarters {
				args.in[q], args.other[q] = a[q].block(block), b[q].block(block)
			}
			args.v = kernel.Pointer(v, (block*k.Chunk+i)*kernel.Block)
			kernel.Call(code, &args)
		}
		i += r.n
	}
}

// quarterInput is where a quarter of a run begins, and the bytes from one block of
// channels to the next.
type quarterInput struct {
	first unsafe.Pointer
	step  int
}

func (s quarterInput) block(i int) unsafe.Pointer { return unsafe.Add(s.first, i*s.step) }

// source finds the input of a quarter, of two levels of an inner quarter of an
// outer one.
func (k *strassen) source(in []float32, r *itemRun, outer, inner int) quarterInput {
	if k.levels == One {
		outer, inner = inner, 0
	}
	part := k.part(outer/2, inner/2)
	if part >= r.inside {
		return quarterInput{first: kernel.Pointer(k.outside, 0)}
	}
	pixel, block := r.at[part], k.part(outer%2, inner%2)*k.Blocks
	at := k.InLayout.At(k.In, r.image, block, pixel/k.Out.W*k.Stride[0], pixel%k.Out.W*k.Stride[1])
	return quarterInput{kernel.Pointer(in, at), 4 * k.InLayout.Plane(k.In)}
}

// sum computes the quarters of one of the outer products from its own seven.
func (k *strassen) sum(sums, m []float32, n int) {
	args := outputArgs{step: 4 * k.StepM(), pixels: n}
	for h := range args.scale {
		args.scale[h], args.shift[h] = kernel.Pointer(k.Ones, 0), kernel.Pointer(k.Zeros, 0)
	}
	for b := range k.channelBlocks() {
		args.m = kernel.Pointer(m, b*k.Chunk*kernel.Block)
		for q := range args.out {
			args.out[q] = kernel.Pointer(sums, (q*k.channelBlocks()+b)*k.Chunk*kernel.Block)
		}
		kernel.Call(k.output.Code, &args)
	}
}

// productsAt is where the products of a panel lie, and the bytes from each to the
// next.
type productsAt struct {
	m    []float32
	step int
}

// transformOutput adds the products of n items with a panel, of two levels those
// of an inner quarter.
func (k *strassen) transformOutput(a *kernel.Args, from productsAt, outside []float32, panel, inner, first, n int) {
	args := outputArgs{step: from.step, act: k.Act.Number(), slope: k.Slope}
	for b := range k.channelBlocks() {
		blocks := k.outputBlocks(panel*k.channelBlocks()+b, inner)
		for h, block := range blocks {
			args.scale[h], args.shift[h] = kernel.Pointer(k.scale, block*kernel.Block), kernel.Pointer(k.shift, block*kernel.Block)
		}
		for i := 0; i < n; i += args.pixels {
			r := k.run(first+i, n-i)
			args.pixels = r.n
			args.m = kernel.Pointer(from.m, (b*k.Chunk+i)*kernel.Block)
			for q := range args.out {
				k.target(a, &args, &r, q, k.part(q/2, inner/2), blocks[q%2], outside)
			}
			kernel.Call(k.output.Code, &args)
			if r.last {
				for _, block := range blocks {
					k.OutLayout.ClearHalo(a.Out, k.Out, r.image, block, 0, k.Out.H)
				}
			}
		}
	}
}

// outputBlocks are those of the two halves of the channels that a block of the
// products belongs to.
func (k *strassen) outputBlocks(block, inner int) [2]int {
	perPart := kernel.BlocksOf(k.Out.C) / k.levels.parts()
	return [2]int{block + k.part(0, inner%2)*perPart, block + k.part(1, inner%2)*perPart}
}

// target points the output transform at a quarter's pixels.
func (k *strassen) target(a *kernel.Args, args *outputArgs, r *itemRun, q, part, block int, outside []float32) {
	if part >= r.inside {
		args.out[q] = kernel.Pointer(outside, 0)
		if k.Residual {
			args.residual[q] = kernel.Pointer(k.outside, 0)
		}
		return
	}
	y, x := r.at[part]/k.Out.W, r.at[part]%k.Out.W
	args.out[q] = kernel.Pointer(a.Out, k.OutLayout.At(k.Out, r.image, block, y, x))
	if k.Residual {
		args.residual[q] = kernel.Pointer(a.In[1], k.ResidualLayout.At(k.Out, r.image, block, y, x))
	}
}
