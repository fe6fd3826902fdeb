package softmax

import (
	"math"
	"unsafe"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// softmax normalises over the channels of each pixel. A task copies a strip of
// pixels, all of their channels, into its scratch, where the three passes find
// them in the cache: channel after channel there lie a plane apart, which in
// many sizes is the same few sets of the cache.
type softmax struct {
	passes
	dims kernel.Dims
	kernel.Pieces
	strip  int // pixels of a strip
	strips int // an image
}

// lanes is what the passes handle at once: strips are multiples of it.
const lanes = 16

// stripFloats is the aim for a strip with its channels: half of a level-1
// cache is too little for hundreds of channels, level 2 is near enough.
const stripFloats = 16 << 10

// New returns a softmax over C. The output may lie on the input.
func New(dims kernel.Dims) kernel.Kernel {
	if dims.Plane() < lanes/2 {
		return &vectors{passes: findPasses(kernel.Active()), dims: dims, Pieces: kernel.Cut(dims.N*dims.Plane(), 8*dims.C)}
	}
	k := &softmax{passes: findPasses(kernel.Active()), dims: dims}
	k.strip = min(max(1, stripFloats/dims.C/lanes), 64, kernel.CeilDiv(dims.Plane(), lanes)) * lanes
	k.strips = kernel.CeilDiv(dims.Plane(), k.strip)
	k.Pieces = kernel.Cut(dims.N*k.strips, 8*dims.C*k.strip)
	return k
}

func (k *softmax) Scratch() int { return (k.dims.C + 2) * k.strip }

func (k *softmax) Do(a *kernel.Args, task int, scratch []float32) {
	from, to := k.Span(task)
	for i := from; i < to; i++ {
		k.pixels(a, i/k.strips, i%k.strips*k.strip, scratch)
	}
}

// pixels normalises the strip that begins at a pixel of an image.
func (k *softmax) pixels(a *kernel.Args, image, first int, scratch []float32) {
	plane := k.dims.Plane()
	at, n := image*k.dims.C*plane+first, min(k.strip, plane-first)
	x := scratch[2*k.strip:]
	for c := range k.dims.C {
		row := x[c*k.strip:][:k.strip]
		clear(row[copy(row, a.In[0][at+c*plane:][:n]):])
	}
	b := block{passes: &k.passes, x: x, width: k.strip, rows: k.dims.C, top: scratch[:k.strip], sum: scratch[k.strip : 2*k.strip]}
	b.maxima()
	b.exponentials()
	b.divide()
	for c := range k.dims.C {
		copy(a.Out[at+c*plane:][:n], x[c*k.strip:])
	}
}

// vectors is the softmax of vectors, or of so few pixels that they would
// leave most lanes idle: each pixel's channels make a block of their own.
type vectors struct {
	passes
	dims kernel.Dims
	kernel.Pieces
}

func (k *vectors) rows() int    { return kernel.CeilDiv(k.dims.C, lanes) }
func (k *vectors) Scratch() int { return (k.rows() + 2) * lanes }

func (k *vectors) Do(a *kernel.Args, task int, scratch []float32) {
	from, to := k.Span(task)
	plane := k.dims.Plane()
	for i := from; i < to; i++ {
		at := i/plane*k.dims.C*plane + i%plane
		k.pixel(a.Out[at:], a.In[0][at:], scratch)
	}
}

// pixel normalises the channels that begin at in[0], a plane apart.
func (k *vectors) pixel(out, in, scratch []float32) {
	plane, x := k.dims.Plane(), scratch[2*lanes:]
	for c := range k.dims.C {
		x[c] = in[c*plane]
	}
	kernel.Fill(x[k.dims.C:k.rows()*lanes], float32(math.Inf(-1)))
	b := block{passes: &k.passes, x: x, width: lanes, rows: k.rows(), top: scratch[:lanes], sum: scratch[lanes : 2*lanes]}
	b.maxima()
	top := b.top[0]
	for _, v := range b.top {
		top = max(top, v)
	}
	kernel.Fill(b.top, top)
	b.exponentials()
	var sum float64
	for _, v := range b.sum {
		sum += float64(v)
	}
	kernel.Fill(b.sum, float32(sum))
	b.divide()
	for c := range k.dims.C {
		out[c*plane] = x[c]
	}
}

// passes are the routines.
type passes struct{ maxima, exponentials, quotients kernel.Routine }

func findPasses(isa kernel.ISA) passes {
	return passes{table.Find("maxima", isa), table.Find("exponentials", isa), table.Find("quotients", isa)}
}

// Name tells which code runs: AVX2's serves AVX-512 as well.
func (p *passes) Name() string { return "softmax." + p.maxima.ISA.String() }

// Routines lists the room's assembly.
func Routines() kernel.Routines { return table }

// block is rows of values, one below the other, that are normalised by
// column. The width is a multiple of lanes.
//
// NaN and infinities are PyTorch's: a column with a NaN or plus infinity, or of
// nothing but minus infinity, becomes NaN.
type block struct {
	passes      *passes
	x           []float32
	width, rows int
	top, sum    []float32 // by column
}

// args are those of the assembly; the generator knows the offsets.
type args struct {
	x           unsafe.Pointer
	width, rows int
	top, sum    unsafe.Pointer
}

func (b *block) args() args {
	return args{x: kernel.Pointer(b.x, 0), width: b.width, rows: b.rows, top: kernel.Pointer(b.top, 0), sum: kernel.Pointer(b.sum, 0)}
}

// maxima finds the top of each column.
func (b *block) maxima() {
	if code := b.passes.maxima.Code; code != nil {
		a := b.args()
		kernel.Call(code, &a)
		return
	}
	copy(b.top, b.x[:b.width])
	for r := range b.rows {
		for i, v := range b.x[r*b.width:][:b.width] {
			b.top[i] = max(b.top[i], v)
		}
	}
}

// exponentials replaces each x by exp(x - top) and sums these by column.
func (b *block) exponentials() {
	if code := b.passes.exponentials.Code; code != nil {
		a := b.args()
		kernel.Call(code, &a)
		return
	}
	for i := range b.width {
		top, sum := float64(b.top[i]), 0.0
		for at := i; at < b.rows*b.width; at += b.width {
			e := math.Exp(float64(b.x[at]) - top)
			sum += e
			b.x[at] = float32(e)
		}
		b.sum[i] = float32(sum)
	}
}

// divide divides each column by its sum.
func (b *block) divide() {
	if code := b.passes.quotients.Code; code != nil {
		a := b.args()
		kernel.Call(code, &a)
		return
	}
	for r := range b.rows {
		row := b.x[r*b.width:][:b.width]
		for i, v := range row {
			row[i] = v / b.sum[i]
		}
	}
}
