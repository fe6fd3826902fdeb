package kernel

import (
	"math"
	"unsafe"
)

// softmax normalises over the channels of each pixel. A task copies a strip of
// pixels, all of their channels, into its scratch, where the three passes find
// them in the cache: channel after channel there lie a plane apart, which in
// many sizes is the same few sets of the cache.
type softmax struct {
	isa  ISA
	dims Dims
	Pieces
	strip  int // pixels of a strip
	strips int // an image
}

// softmaxLanes is what the passes handle at once: strips are multiples of it.
const softmaxLanes = 16

// stripFloats is the aim for a strip with its channels: half of a level-1
// cache is too little for hundreds of channels, level 2 is near enough.
const stripFloats = 16 << 10

// NewSoftmax returns a softmax over C. The output may lie on the input.
func NewSoftmax(dims Dims) Kernel {
	if dims.Plane() < softmaxLanes/2 {
		return &softmaxRows{isa: active, dims: dims, Pieces: Cut(dims.N*dims.Plane(), 8*dims.C)}
	}
	k := &softmax{isa: active, dims: dims}
	k.strip = min(max(1, stripFloats/dims.C/softmaxLanes), 64, CeilDiv(dims.Plane(), softmaxLanes)) * softmaxLanes
	k.strips = CeilDiv(dims.Plane(), k.strip)
	k.Pieces = Cut(dims.N*k.strips, 8*dims.C*k.strip)
	return k
}

func (k *softmax) Name() string { return softmaxName(k.isa) }
func (k *softmax) Scratch() int { return (k.dims.C + 2) * k.strip }

func (k *softmax) Do(a *Args, task int, scratch []float32) {
	from, to := k.Span(task)
	for i := from; i < to; i++ {
		k.pixels(a, i/k.strips, i%k.strips*k.strip, scratch)
	}
}

// pixels normalises the strip that begins at a pixel of an image.
func (k *softmax) pixels(a *Args, image, first int, scratch []float32) {
	plane := k.dims.Plane()
	at, n := image*k.dims.C*plane+first, min(k.strip, plane-first)
	x := scratch[2*k.strip:]
	for c := range k.dims.C {
		row := x[c*k.strip:][:k.strip]
		clear(row[copy(row, a.In[0][at+c*plane:][:n]):])
	}
	b := softmaxBlock{isa: k.isa, x: x, width: k.strip, rows: k.dims.C, top: scratch[:k.strip], sum: scratch[k.strip : 2*k.strip]}
	b.maxima()
	b.exponentials()
	b.divide()
	for c := range k.dims.C {
		copy(a.Out[at+c*plane:][:n], x[c*k.strip:])
	}
}

// softmaxRows is the softmax of vectors, or of so few pixels that they would
// leave most lanes idle: each pixel's channels make a block of their own.
type softmaxRows struct {
	isa  ISA
	dims Dims
	Pieces
}

func (k *softmaxRows) Name() string { return softmaxName(k.isa) }
func (k *softmaxRows) rows() int    { return CeilDiv(k.dims.C, softmaxLanes) }
func (k *softmaxRows) Scratch() int { return (k.rows() + 2) * softmaxLanes }

func (k *softmaxRows) Do(a *Args, task int, scratch []float32) {
	from, to := k.Span(task)
	plane := k.dims.Plane()
	for i := from; i < to; i++ {
		at := i/plane*k.dims.C*plane + i%plane
		k.pixel(a.Out[at:], a.In[0][at:], scratch)
	}
}

// pixel normalises the channels that begin at in[0], a plane apart.
func (k *softmaxRows) pixel(out, in, scratch []float32) {
	plane, x := k.dims.Plane(), scratch[2*softmaxLanes:]
	for c := range k.dims.C {
		x[c] = in[c*plane]
	}
	Fill(x[k.dims.C:k.rows()*softmaxLanes], float32(math.Inf(-1)))
	b := softmaxBlock{isa: k.isa, x: x, width: softmaxLanes, rows: k.rows(), top: scratch[:softmaxLanes], sum: scratch[softmaxLanes : 2*softmaxLanes]}
	b.maxima()
	top := b.top[0]
	for _, v := range b.top {
		top = max(top, v)
	}
	Fill(b.top, top)
	b.exponentials()
	var sum float64
	for _, v := range b.sum {
		sum += float64(v)
	}
	Fill(b.sum, float32(sum))
	b.divide()
	for c := range k.dims.C {
		out[c*plane] = x[c]
	}
}

// softmaxName tells which code runs: AVX2's serves AVX-512 as well.
func softmaxName(isa ISA) string { return "softmax." + min(isa, AVX2).String() }

// softmaxBlock is rows of values, one below the other, that are normalised by
// column. The width is a multiple of softmaxLanes.
//
// NaN and infinities are PyTorch's: a column with a NaN or plus infinity, or of
// nothing but minus infinity, becomes NaN.
type softmaxBlock struct {
	isa         ISA
	x           []float32
	width, rows int
	top, sum    []float32 // by column
}

// softmaxArgs are those of the assembly; the generator knows the offsets.
type softmaxArgs struct {
	x           unsafe.Pointer
	width, rows int
	top, sum    unsafe.Pointer
}

func (b *softmaxBlock) args() softmaxArgs {
	return softmaxArgs{x: Pointer(b.x, 0), width: b.width, rows: b.rows, top: Pointer(b.top, 0), sum: Pointer(b.sum, 0)}
}

// maxima finds the top of each column.
func (b *softmaxBlock) maxima() {
	if b.isa != Generic {
		a := b.args()
		softmaxMaxima(&a)
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
func (b *softmaxBlock) exponentials() {
	if b.isa != Generic {
		a := b.args()
		softmaxExponentials(&a)
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
func (b *softmaxBlock) divide() {
	if b.isa != Generic {
		a := b.args()
		softmaxQuotients(&a)
		return
	}
	for r := range b.rows {
		row := b.x[r*b.width:][:b.width]
		for i, v := range row {
			row[i] = v / b.sum[i]
		}
	}
}
