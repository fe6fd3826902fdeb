package reorder

import "github.com/vertebra-vision/vertebra/internal/kernel"

// concat joins tensors along the channels.
type concat struct {
	kernel.NoScratch
	images  int
	strides []int // elements of one image of each input
	total   int
}

// NewConcat returns a concatenation of tensors whose images have the given
// numbers of elements.
func NewConcat(images int, strides []int) kernel.Kernel {
	k := &concat{images: images, strides: strides}
	for _, s := range strides {
		k.total += s
	}
	return k
}

func (k *concat) Name() string { return "concat" }
func (k *concat) Tasks() int   { return k.images * len(k.strides) }

func (k *concat) Do(a *kernel.Args, task int, _ []float32) {
	image, input := task/len(k.strides), task%len(k.strides)
	at := image * k.total
	for _, s := range k.strides[:input] {
		at += s
	}
	n := k.strides[input]
	copy(a.Out[at:at+n], a.In[input][image*n:(image+1)*n])
}
