package reorder

import "github.com/vertebra-vision/vertebra/internal/kernel"

// PadSpec describes constant padding. Out's extents include it.
type PadSpec struct {
	In, Out          kernel.Dims
	Front, Top, Left int
	Value            float32
}

type pad struct {
	kernel.NoScratch
	PadSpec
	kernel.Pieces
}

// NewPad returns a padding kernel.
func NewPad(s PadSpec) kernel.Kernel {
	return &pad{PadSpec: s, Pieces: kernel.Cut(s.Out.N*s.Out.C, s.Out.Plane())}
}

func (k *pad) Name() string { return "pad" }

func (k *pad) Do(a *kernel.Args, task int, _ []float32) {
	from, to := k.Span(task)
	plane := k.Out.Plane()
	for i := from; i < to; i++ {
		dst := a.Out[i*plane : (i+1)*plane]
		kernel.Fill(dst, k.Value)
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
