package backbone

import "github.com/vertebra-vision/vertebra/internal/graph"

// buildShortcut is what a block adds to its residual function (§3.3): the
// input itself, or the output of its downsample module.
func (b *builder) buildShortcut(x *graph.Node, s block) *graph.Node {
	changes := s.stride != 1 || s.in != s.out
	if !changes && b.Shortcut != ShortcutC {
		return x
	}
	name := s.name + ".downsample"
	var y *graph.Node
	if b.Shortcut == ShortcutA {
		y = b.padChannels(x, s, name)
	} else {
		y = b.project(x, s, name)
	}
	b.g.Contain(name, x, y)
	return y
}

// padChannels is option A: every second pixel, and zeros in the new channels.
func (b *builder) padChannels(x *graph.Node, s block, name string) *graph.Node {
	if s.stride != 1 {
		x = b.g.Func(name+".0", graph.Subsample{Stride: [2]int{s.stride, s.stride}}, x)
	}
	if fresh := s.out - s.in; fresh > 0 {
		x = b.g.Func(name+".1", graph.Pad{Front: fresh / 2, Back: fresh - fresh/2}, x)
	}
	return x
}

// project is options B and C: a 1x1 convolution and its norm, in ResNet-D
// after an average pool. The modules' numbers are torchvision's and timm's.
func (b *builder) project(x *graph.Node, s block, name string) *graph.Node {
	conv, norm, stride := name+".0", name+".1", s.stride
	if b.AvgDown {
		x, stride = b.avgDown(x, s, name+".0"), 1
		conv, norm = name+".1", name+".2"
	}
	x = b.conv(conv, x, s.in, s.out, graph.Square(1, stride, 0), 1)
	return b.norm(norm, x, s.out)
}

// avgDown is ResNet-D's pool, as timm has it: it rounds the size up and leaves
// padding out of the average; where dilation took the stride's place it pools
// at stride 1, over zeros beyond the right and bottom edges; without either
// there is nothing to pool.
func (b *builder) avgDown(x *graph.Node, s block, name string) *graph.Node {
	pool := graph.AvgPool{Window: graph.Square(2, s.stride, 0), CeilMode: true}
	switch {
	case s.stride == 1 && s.stageDilation > 1:
		pool.Stride = [2]int{1, 1}
		x = b.g.Func(name+".pad", graph.Pad{Right: 1, Bottom: 1}, x)
	case s.stride == 1:
		return x
	}
	return b.g.Call(name, pool, x)
}
