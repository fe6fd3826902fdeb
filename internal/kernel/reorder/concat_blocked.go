package reorder

import "github.com/vertebra-vision/vertebra/internal/kernel"

// blockedConcat joins blocked maps along the channels, which must fill the
// blocks of all but the last.
type blockedConcat struct {
	kernel.NoScratch
	out     kernel.Dims
	layouts []kernel.Layout
	to      kernel.Layout
	from    []blockOf // by output block
}

// blockOf is a block of one of the inputs.
type blockOf struct {
	input, block int
	dims         kernel.Dims
}

// CanBlockConcat reports whether NewBlockedConcat serves for inputs of so many
// channels.
func CanBlockConcat(channels []int) bool {
	for _, c := range channels[:len(channels)-1] {
		if c%kernel.Block != 0 {
			return false
		}
	}
	return true
}

// NewBlockedConcat returns a concatenation between blocked layouts.
func NewBlockedConcat(in []kernel.Dims, layouts []kernel.Layout, out kernel.Dims, to kernel.Layout) kernel.Kernel {
	k := &blockedConcat{out: out, layouts: layouts, to: to}
	for i, d := range in {
		for b := range kernel.BlocksOf(d.C) {
			k.from = append(k.from, blockOf{i, b, d})
		}
	}
	return k
}

func (k *blockedConcat) Name() string { return "concat.blocked" }
func (k *blockedConcat) Tasks() int   { return k.out.N * len(k.from) }

func (k *blockedConcat) Do(a *kernel.Args, task int, _ []float32) {
	image, block := task/len(k.from), task%len(k.from)
	from := k.from[block]
	layout, n := k.layouts[from.input], k.out.W*kernel.Block
	for y := range k.out.H {
		src := a.In[from.input][layout.At(from.dims, image, from.block, y, 0):][:n]
		copy(a.Out[k.to.At(k.out, image, block, y, 0):][:n], src)
	}
	k.to.ClearHalo(a.Out, k.out, image, block, 0, k.out.H)
}
