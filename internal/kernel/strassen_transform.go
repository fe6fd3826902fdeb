package kernel

import "unsafe"

// strassenInput are the arguments of the input transform's assembly, for a run
// of items.
type strassenInput struct {
	in     [quarters]unsafe.Pointer
	other  [quarters]unsafe.Pointer // of a pair: A is in + sign·other
	sign   float32
	stride int // bytes from pixel to pixel
	end    int // bytes of all of them
	v      unsafe.Pointer
	step   int // bytes from position to position
	ahead  int // bytes to the pixels that are wanted next; not of a pair
}

// strassenOutput are those of the output transform's.
type strassenOutput struct {
	m            unsafe.Pointer
	step         int
	out          [quarters]unsafe.Pointer
	residual     [quarters]unsafe.Pointer // nil for none
	scale, shift [2]unsafe.Pointer        // by half of the channels
	pixels       int
	act          int
	slope        float32
}

// strassenSums are the quarters of A that the seven products take: one, or the
// sum or difference of two.
var strassenSums = [strassenProducts]struct {
	a, b int
	sign float32 // 0 for one alone
}{{0, 3, 1}, {2, 3, 1}, {0, 0, 0}, {3, 3, 0}, {0, 1, 1}, {2, 0, -1}, {1, 3, -1}}

// transformInput computes V of n items, for one of the outer products.
func (k *strassen) transformInput(v, in []float32, outer, first, n int) {
	args := strassenInput{stride: 4 * Block * k.Stride[1], step: 4 * k.stepV(), ahead: 4 * k.InLayout.Plane(k.In)}
	from := strassenSums[outer]
	if k.levels == 2 {
		args.sign = from.sign
	}
	for i := 0; i < n; {
		r := k.run(first+i, n-i)
		args.end = r.n * args.stride
		var a, b [quarters]quarterInput
		for q := range quarters {
			a[q], b[q] = k.source(in, &r, from.a, q), k.source(in, &r, from.b, q)
		}
		for block := range k.blocks {
			for q := range quarters {
				args.in[q], args.other[q] = a[q].block(block), b[q].block(block)
			}
			args.v = Pointer(v, (block*k.chunk+i)*Block)
			args.transform(k.isa)
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
	if k.levels == 1 {
		outer, inner = inner, 0
	}
	part := k.part(outer/2, inner/2)
	if part >= r.inside {
		return quarterInput{first: Pointer(k.outside, 0)}
	}
	pixel, block := r.at[part], k.part(outer%2, inner%2)*k.blocks
	at := k.InLayout.At(k.In, r.image, block, pixel/k.Out.W*k.Stride[0], pixel%k.Out.W*k.Stride[1])
	return quarterInput{Pointer(in, at), 4 * k.InLayout.Plane(k.In)}
}

// sum computes the quarters of one of the outer products from its own seven.
func (k *strassen) sum(sums, m []float32, n int) {
	args := strassenOutput{step: 4 * k.stepM(), pixels: n}
	for h := range args.scale {
		args.scale[h], args.shift[h] = Pointer(k.ones, 0), Pointer(k.zeros, 0)
	}
	for b := range k.channelBlocks() {
		args.m = Pointer(m, b*k.chunk*Block)
		for q := range args.out {
			args.out[q] = Pointer(sums, (q*k.channelBlocks()+b)*k.chunk*Block)
		}
		args.transform(k.isa)
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
func (k *strassen) transformOutput(a *Args, from productsAt, outside []float32, panel, inner, first, n int) {
	args := strassenOutput{step: from.step, act: k.Act.Number(), slope: k.Slope}
	for b := range k.channelBlocks() {
		blocks := k.outputBlocks(panel*k.channelBlocks()+b, inner)
		for h, block := range blocks {
			args.scale[h], args.shift[h] = Pointer(k.scale, block*Block), Pointer(k.shift, block*Block)
		}
		for i := 0; i < n; i += args.pixels {
			r := k.run(first+i, n-i)
			args.pixels = r.n
			args.m = Pointer(from.m, (b*k.chunk+i)*Block)
			for q := range args.out {
				k.target(a, &args, &r, q, k.part(q/2, inner/2), blocks[q%2], outside)
			}
			args.transform(k.isa)
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
	perPart := BlocksOf(k.Out.C) / parts(k.levels)
	return [2]int{block + k.part(0, inner%2)*perPart, block + k.part(1, inner%2)*perPart}
}

// target points the output transform at a quarter's pixels.
func (k *strassen) target(a *Args, args *strassenOutput, r *itemRun, q, part, block int, outside []float32) {
	if part >= r.inside {
		args.out[q] = Pointer(outside, 0)
		if k.Residual {
			args.residual[q] = Pointer(k.outside, 0)
		}
		return
	}
	y, x := r.at[part]/k.Out.W, r.at[part]%k.Out.W
	args.out[q] = Pointer(a.Out, k.OutLayout.At(k.Out, r.image, block, y, x))
	if k.Residual {
		args.residual[q] = Pointer(a.In[1], k.ResidualLayout.At(k.Out, r.image, block, y, x))
	}
}
