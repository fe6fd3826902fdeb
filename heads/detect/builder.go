package detect

import (
	"fmt"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/graph"
)

// norm is the normalisation of a convolution block.
type norm uint8

const (
	noNorm norm = iota
	batchNorm
	groupNorm // of 32 groups
)

// normEps is what torch.nn's normalisations add to the variance.
const normEps = 1e-5

// builder adds modules to a detector's graph, named as torchvision's.
type builder struct {
	g     *graph.Graph
	input *graph.Node
	// adapters are the parameters that have another shape here than in
	// torchvision, by key.
	adapters map[string]adapter
}

func newBuilder() *builder {
	g := graph.New()
	return &builder{g: g, input: g.Func("input", graph.Input{Channels: 3}), adapters: map[string]adapter{}}
}

// conv is torch.nn.Conv2d with a bias, of stride 1 that keeps the size.
func (b *builder) conv(name string, x *graph.Node, in, out, kernel int) *graph.Node {
	return b.strided(name, x, in, out, kernel, 1)
}

func (b *builder) strided(name string, x *graph.Node, in, out, kernel, stride int) *graph.Node {
	return b.g.Call(name, graph.Conv{Window: graph.Square(kernel, stride, kernel/2), In: in, Out: out, Groups: 1, Bias: true}, x)
}

// linear is torch.nn.Linear on regions that lie along the width: a 1x1
// convolution, which shares the fast kernels.
func (b *builder) linear(name string, x *graph.Node, in, out int) *graph.Node {
	b.adapters[name+".weight"] = reshaped([]int{out, in}, []int{out, in, 1, 1})
	return b.conv(name, x, in, out, 1)
}

func (b *builder) relu(name string, x *graph.Node) *graph.Node {
	return b.g.Call(name, graph.Activation{Func: graph.ReLU}, x)
}

func (b *builder) norm(name string, x *graph.Node, channels int, n norm) *graph.Node {
	switch n {
	case batchNorm:
		return b.g.Call(name, graph.BatchNorm{Channels: channels, Eps: normEps}, x)
	case groupNorm:
		return b.g.Call(name, graph.GroupNorm{Channels: channels, Groups: 32, Eps: normEps}, x)
	}
	return x
}

// block is torchvision's Conv2dNormActivation: convolution .0, which has a
// bias where there is no normalisation, normalisation .1, and ReLU if active.
func (b *builder) block(name string, x *graph.Node, in, out, kernel int, n norm, active bool) *graph.Node {
	x = b.g.Call(name+".0", graph.Conv{Window: graph.Square(kernel, 1, kernel/2), In: in, Out: out, Groups: 1, Bias: n == noNorm}, x)
	last := 1
	if n != noNorm {
		x = b.norm(name+".1", x, out, n)
		last = 2
	}
	if active {
		x = b.relu(fmt.Sprintf("%s.%d", name, last), x)
	}
	return x
}

// extra is what follows a pyramid's coarsest level.
type extra uint8

const (
	extraPool   extra = iota // LastLevelMaxPool
	extraFromP5              // LastLevelP6P7 on the coarsest output
	extraFromC5              // LastLevelP6P7 on the backbone's coarsest map
)

// neck says which pyramid to build.
type neck struct {
	first    int // index of the first level of the backbone: 0 is C2
	channels int
	norm     norm
	extra    extra
}

// pyramid adds a backbone and torchvision's FeaturePyramidNetwork on it, and
// returns the levels, the finest first.
func (b *builder) pyramid(net *backbone.Network, n neck) ([]*graph.Node, error) {
	maps, err := net.Append(b.g, b.input, bodyPrefix)
	if err != nil {
		return nil, err
	}
	levels := net.Levels()[n.first:]
	const fpn = "backbone.fpn."
	out := make([]*graph.Node, len(levels))
	var above *graph.Node
	for i := len(levels) - 1; i >= 0; i-- {
		info, err := net.Info(levels[i])
		if err != nil {
			return nil, err
		}
		x := b.block(fmt.Sprintf("%sinner_blocks.%d", fpn, i), maps[levels[i]], info.Channels, n.channels, 1, n.norm, false)
		if above != nil {
			up := b.g.Func(fmt.Sprintf("%sinterpolate_%d", fpn, i), graph.Resize{Mode: graph.Nearest}, above, x)
			x = b.g.Func(fmt.Sprintf("%sadd_%d", fpn, i), graph.Add{}, x, up)
		}
		above = x
		out[i] = b.block(fmt.Sprintf("%slayer_blocks.%d", fpn, i), x, n.channels, n.channels, 3, n.norm, false)
	}
	last := out[len(out)-1]
	if n.extra == extraPool {
		return append(out, b.g.Func(fpn+"extra_blocks", graph.Subsample{Stride: [2]int{2, 2}}, last)), nil
	}
	in := n.channels
	if n.extra == extraFromC5 {
		info, err := net.Info(levels[len(levels)-1])
		if err != nil {
			return nil, err
		}
		last, in = maps[levels[len(levels)-1]], info.Channels
	}
	p6 := b.strided(fpn+"extra_blocks.p6", last, in, n.channels, 3, 2)
	p7 := b.strided(fpn+"extra_blocks.p7", b.g.Func(fpn+"extra_blocks.relu", graph.Activation{Func: graph.ReLU}, p6), n.channels, n.channels, 3, 2)
	return append(out, p6, p7), nil
}
