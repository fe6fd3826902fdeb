package detect

import (
	"fmt"

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
	g *graph.Graph
	// levels are the pyramid's maps, the finest first.
	levels []*graph.Node
	// adapters are the parameters that have another shape here than in
	// torchvision, by key.
	adapters map[string]adapter
}

// conv is torch.nn.Conv2d with a bias, of stride 1 that keeps the size.
func (b *builder) conv(name string, x *graph.Node, in, out, kernel int) *graph.Node {
	return b.g.Call(name, graph.Conv{Window: graph.Square(kernel, 1, kernel/2), In: in, Out: out, Groups: 1, Bias: true}, x)
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

// block is torchvision's Conv2dNormActivation of a 3x3 convolution: that is .0, which has a
// bias where there is no normalisation, normalisation .1, and ReLU.
func (b *builder) block(name string, x *graph.Node, in, out int, n norm) *graph.Node {
	x = b.g.Call(name+".0", graph.Conv{Window: graph.Square(3, 1, 1), In: in, Out: out, Groups: 1, Bias: n == noNorm}, x)
	last := 1
	if n != noNorm {
		x = b.norm(name+".1", x, out, n)
		last = 2
	}
	return b.relu(fmt.Sprintf("%s.%d", name, last), x)
}
