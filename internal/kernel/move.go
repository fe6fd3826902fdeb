package kernel

// concat joins tensors along the channels.
type concat struct {
	NoScratch
	images  int
	strides []int // elements of one image of each input
	total   int
}

// NewConcat returns a concatenation of tensors whose images have the given
// numbers of elements.
func NewConcat(images int, strides []int) Kernel {
	k := &concat{images: images, strides: strides}
	for _, s := range strides {
		k.total += s
	}
	return k
}

func (k *concat) Name() string { return "concat" }
func (k *concat) Tasks() int   { return k.images * len(k.strides) }

func (k *concat) Do(a *Args, task int, _ []float32) {
	image, input := task/len(k.strides), task%len(k.strides)
	at := image * k.total
	for _, s := range k.strides[:input] {
		at += s
	}
	n := k.strides[input]
	copy(a.Out[at:at+n], a.In[input][image*n:(image+1)*n])
}

// PadSpec describes constant padding. Out's extents include it.
type PadSpec struct {
	In, Out          Dims
	Front, Top, Left int
	Value            float32
}

type pad struct {
	NoScratch
	PadSpec
	Pieces
}

// NewPad returns a padding kernel.
func NewPad(s PadSpec) Kernel {
	return &pad{PadSpec: s, Pieces: Cut(s.Out.N*s.Out.C, s.Out.Plane())}
}

func (k *pad) Name() string { return "pad" }

func (k *pad) Do(a *Args, task int, _ []float32) {
	from, to := k.Span(task)
	plane := k.Out.Plane()
	for i := from; i < to; i++ {
		dst := a.Out[i*plane : (i+1)*plane]
		Fill(dst, k.Value)
		if c := i%k.Out.C - k.Front; c >= 0 && c < k.In.C {
			k.inner(dst, a.In[0][(i/k.Out.C*k.In.C+c)*k.In.Plane():])
		}
	}
}

func (k *pad) inner(dst, src []float32) {
	for y := range k.In.H {
		copy(dst[(y+k.Top)*k.Out.W+k.Left:], src[y*k.In.W:(y+1)*k.In.W])
	}
}

// subsample takes every stride-th pixel.
type subsample struct {
	NoScratch
	in, out Dims
	stride  [2]int
	Pieces
}

// NewSubsample returns x[:, :, ::stride, ::stride].
func NewSubsample(in, out Dims, stride [2]int) Kernel {
	return &subsample{in: in, out: out, stride: stride, Pieces: Cut(in.N*in.C, out.Plane())}
}

func (k *subsample) Name() string { return "subsample" }

func (k *subsample) Do(a *Args, task int, _ []float32) {
	from, to := k.Span(task)
	for i := from; i < to; i++ {
		src, dst := a.In[0][i*k.in.Plane():], a.Out[i*k.out.Plane():]
		for y := range k.out.H {
			line := src[y*k.stride[0]*k.in.W:]
			for x := range k.out.W {
				dst[y*k.out.W+x] = line[x*k.stride[1]]
			}
		}
	}
}
