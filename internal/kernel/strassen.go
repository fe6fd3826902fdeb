package kernel

import "unsafe"

// Strassen's algorithm (1969) multiplies two matrices cut into quarters with
// seven products of quarters in place of eight. A pointwise convolution is
// such a multiplication: of pixels by input channels, A, with input by output
// channels, B. The halves of the pixels are two that lie half an image apart.
//
//	M0 = (A00+A11)(B00+B11)  M1 = (A10+A11)B00  M2 = A00(B01-B11)  M3 = A11(B10-B00)
//	M4 = (A00+A01)B11  M5 = (A10-A00)(B00+B01)  M6 = (A01-A11)(B10+B11)
//
// One level saves an eighth of the multiplications less what the additions
// cost; a second would save less than it rounds.
const strassenProducts = 7

// strassenInput are the arguments of the input transform's assembly, for a run
// of pairs of pixels.
type strassenInput struct {
	in     [4]unsafe.Pointer // first by half of the pixels, then of the channels
	stride int               // bytes from pixel to pixel
	v      unsafe.Pointer
	step   int // bytes from position to position
	pixels int
	ahead  int // bytes to the pixels that are wanted next
}

// strassenOutput are those of the output transform's.
type strassenOutput struct {
	m            unsafe.Pointer
	step         int
	out          [4]unsafe.Pointer
	residual     [4]unsafe.Pointer // nil for none
	scale, shift [2]unsafe.Pointer // by half of the channels
	pixels       int
	act          int
	slope        float32
}

// CanStrassen reports whether there is a kernel of Strassen's algorithm for a
// convolution: 1x1 of one group, whose channels halve into whole blocks and
// panels.
func CanStrassen(s ConvSpec) bool {
	return CanBlock(s) && s.Kernel == [2]int{1, 1} && s.Padding == [2]int{} && s.Groups == 1 &&
		s.In.C%(2*Block) == 0 && s.Out.C%(2*shapeFor(s).channels) == 0
}

// strassenCost models Strassen's algorithm as winogradCost does Winograd's.
func strassenCost(s ConvSpec) float64 {
	pairs := float64(pairsOf(s) * s.In.N)
	shape := shapeFor(s)
	weights := float64(strassenProducts * s.In.C / 2 * blocksOf(s.Out.C) / 2)
	calls := strassenProducts * ceilDiv(int(pairs), shape.pixels) * s.Out.C / 2 / shape.channels
	sums := inputCost(s) + float64(nearPairCost*blocksOf(s.Out.C)/2)
	return weights*max(pairs, weightCost) + sums*pairs + callCost*float64(calls)
}

// inputCost is what transforming the input of a pair of pixels costs.
func inputCost(s ConvSpec) float64 {
	blocks := float64(blocksOf(s.In.C) / 2)
	if s.In.C*s.Out.Plane() > nearFloats { // what strides leave out is not read
		return (nearPairCost + farPairCost) * blocks
	}
	return nearPairCost * blocks
}

// strassenV is the floats of V that leave room in a level-2 cache for the
// products and the weights of a panel.
const strassenV = 100 << 10

// What the transforms of a pair of pixels and of blocks of channels cost, on
// either side, in multiplications of vectors: little where the input is in a
// level-2 cache, much where it comes from further.
const (
	nearPairCost = 16
	farPairCost  = 48
	nearFloats   = 512 << 10
)

// pairsOf is how many pairs of pixels an image has; in the last, the second
// pixel may lie outside.
func pairsOf(s ConvSpec) int { return ceilDiv(s.Out.Plane(), 2) }

// strassen is the convolution.
type strassen struct {
	BlockedSpec
	transformed
	isa          ISA
	pairs        int // of an image
	scale, shift []float32
	outside      []float32 // the input and the residual of pixels outside
}

// NewStrassen returns a kernel for which Packed is PackStrassen's. Its
// arguments are NewBlockedConv's.
func NewStrassen(s BlockedSpec) Kernel {
	k := &strassen{BlockedSpec: s, isa: active, pairs: pairsOf(s.ConvSpec), outside: Aligned(Block)}
	if k.isFlat() {
		k.flatten()
	}
	shape := shapeFor(s.ConvSpec)
	k.transformed = transformed{
		shape: shape, packed: s.Packed, items: k.pairs * s.In.N, area: strassenProducts,
		blocks: s.In.C / 2 / Block, panels: s.Out.C / 2 / shape.channels,
	}
	k.cut(cutting{
		workers: s.Workers, floats: strassenV,
		in: inputCost(s.ConvSpec), out: float64(nearPairCost * shape.channels / Block),
	})
	k.scale, k.shift = padded(s.Scale, s.Out.C, 1), padded(s.Shift, s.Out.C, 0)
	return k
}

func (k *strassen) Name() string { return "conv.strassen." + k.isa.String() }

// Scratch is V of a chunk, M of a chunk and panel, and where outputs go that
// lie outside.
func (k *strassen) Scratch() int { return k.sizeV() + k.sizeM() + Block }

func (k *strassen) Do(a *Args, task int, scratch []float32) {
	first, n, from, to := k.span(task)
	v, m, outside := scratch[:k.sizeV()], scratch[k.sizeV():][:k.sizeM()], scratch[k.sizeV()+k.sizeM():]
	k.transformInput(v, a.In[0], first, n)
	for panel := from; panel < to; panel++ {
		k.multiply(m, v, panel, n)
		k.transformOutput(a, m, outside, panel, first, n)
	}
}

// pairRun is some pairs of which both halves lie in one row each.
type pairRun struct {
	image int
	pair  int    // the first, in its image
	at    [2]int // pixels: the first of each half
	n     int
	whole bool // the second half lies inside
}

// run is the longest run of pairs from one of the batch on, of up to n.
func (k *strassen) run(i, n int) pairRun {
	r := pairRun{image: i / k.pairs, pair: i % k.pairs}
	r.at = [2]int{r.pair, r.pair + k.pairs}
	plane, width := k.Out.Plane(), k.Out.W
	r.whole = r.at[1] < plane
	if !r.whole {
		r.n = 1
		return r
	}
	r.n = min(n, plane-r.at[1], k.pairs-r.pair, width-r.at[0]%width, width-r.at[1]%width)
	return r
}

// inputAt is the index of the input pixel that an output pixel reads.
func (k *strassen) inputAt(image, block, pixel int) int {
	y, x := pixel/k.Out.W*k.Stride[0], pixel%k.Out.W*k.Stride[1]
	return k.InLayout.at(k.In, image, block, y, x)
}

// transformInput computes V of n pairs.
func (k *strassen) transformInput(v, in []float32, first, n int) {
	args := strassenInput{stride: 4 * Block * k.Stride[1], step: 4 * k.stepV()}
	plane := k.InLayout.plane(k.In)
	args.ahead = 4 * plane
	for i := 0; i < n; i += args.pixels {
		r := k.run(first+i, n-i)
		args.pixels = r.n
		at := [2]int{k.inputAt(r.image, 0, r.at[0]), 0}
		if r.whole {
			at[1] = k.inputAt(r.image, 0, r.at[1])
		}
		for b := range k.blocks {
			for half := range 2 {
				block := (half*k.blocks + b) * plane
				args.in[half] = pointer(in, at[0]+block)
				if r.whole {
					args.in[2+half] = pointer(in, at[1]+block)
				} else {
					args.in[2+half] = pointer(k.outside, 0)
				}
			}
			args.v = pointer(v, (b*k.chunk+i)*Block)
			args.transform(k.isa)
		}
	}
}

// transformOutput adds the products of n pairs with a panel.
func (k *strassen) transformOutput(a *Args, m, outside []float32, panel, first, n int) {
	args := strassenOutput{step: 4 * k.stepM(), act: tileAct(k.Act), slope: k.Slope}
	perPanel := k.shape.channels / Block
	half := blocksOf(k.Out.C) / 2
	for b := range perPanel {
		block := panel*perPanel + b
		for h := range 2 {
			args.scale[h] = pointer(k.scale, (block+h*half)*Block)
			args.shift[h] = pointer(k.shift, (block+h*half)*Block)
		}
		for i := 0; i < n; i += args.pixels {
			r := k.run(first+i, n-i)
			args.pixels = r.n
			args.m = pointer(m, (b*k.chunk+i)*Block)
			for q := range args.out {
				k.quarter(a, &args, q, r, block+q%2*half, outside)
			}
			args.transform(k.isa)
			if r.pair+r.n == k.pairs {
				for h := range 2 {
					k.OutLayout.clearHalo(a.Out, k.Out, r.image, block+h*half, 0, k.Out.H)
				}
			}
		}
	}
}

// quarter points the output transform at a quarter's pixels.
func (k *strassen) quarter(a *Args, args *strassenOutput, q int, r pairRun, block int, outside []float32) {
	if q >= 2 && !r.whole {
		args.out[q] = pointer(outside, 0)
		if k.Residual {
			args.residual[q] = pointer(k.outside, 0)
		}
		return
	}
	y, x := r.at[q/2]/k.Out.W, r.at[q/2]%k.Out.W
	args.out[q] = pointer(a.Out, k.OutLayout.at(k.Out, r.image, block, y, x))
	if k.Residual {
		args.residual[q] = pointer(a.In[1], k.ResidualLayout.at(k.Out, r.image, block, y, x))
	}
}

// PackStrassen adds up the quarters of the weights and lays them out as
// [panel][position][input channel][output channel in the panel]. Take gives
// zeroed memory.
func PackStrassen(s ConvSpec, take func(n int) []float32) []float32 {
	channels := shapeFor(s).channels
	in, out := s.In.C/2, s.Out.C/2
	packed := take(strassenProducts * in * out)
	for oc := range out {
		panel, c := oc/channels, oc%channels
		left, right := s.Weight[oc*s.In.C:][:s.In.C], s.Weight[(out+oc)*s.In.C:][:s.In.C] // of B00 and B10, B01 and B11
		for ic := range in {
			b00, b10, b01, b11 := left[ic], left[in+ic], right[ic], right[in+ic]
			sums := [strassenProducts]float32{b00 + b11, b00, b01 - b11, b10 - b00, b11, b00 + b01, b10 + b11}
			for pos, x := range sums {
				packed[((panel*strassenProducts+pos)*in+ic)*channels+c] = x
			}
		}
	}
	return packed
}
