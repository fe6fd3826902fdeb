package engine

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/vertebra-vision/vertebra/internal/graph"
)

// Convolutions, residuals and pools of random shapes, as plans run them, give
// what the portable kernels give; ops tests those against naive loops.
func TestRandomShapes(t *testing.T) { onEveryISA(t, testRandomShapes) }

func testRandomShapes(t *testing.T) {
	cases := 400
	if testing.Short() {
		cases = 100
	}
	for seed := range uint64(cases) {
		rng := rand.New(rand.NewPCG(seed, 3))
		g, shape := randomBlock(rng)
		last := g.Nodes()[len(g.Nodes())-1]
		if _, err := graph.Infer(g.Nodes(), shape); err != nil {
			continue // too small for its window
		}
		params, input := randomParams(g), randomInput(shape...)
		want := oneByOne(t, g, params, input, nil)
		got := run(t, g, params, input, []*graph.Node{last}, nil, nil)
		requireNear(t, want[last], got[0], fmt.Sprintf("seed %d: %v, %+v", seed, shape, g.Nodes()[1].Op))
	}
}

// randomBlock is act(bn(conv(x)) + conv(x)), then a convolution or a pool.
func randomBlock(rng *rand.Rand) (*graph.Graph, graph.Shape) {
	pick := func(list ...int) int { return list[rng.IntN(len(list))] }
	in, mid, out := pick(1, 3, 16, 17, 32, 48), pick(1, 8, 16, 20, 33, 64), pick(3, 16, 40)
	g := graph.New()
	x := g.Func("input", graph.Input{Channels: in})
	kernel, stride, dilation := pick(1, 1, 3, 3, 5, 7), pick(1, 1, 2, 3), pick(1, 1, 2, 4)
	w := graph.Square(kernel, stride, pick(0, kernel/2, dilation*(kernel-1)/2))
	w.Dilation = [2]int{dilation, dilation}
	conv := graph.Conv{Window: w, In: in, Out: mid, Groups: 1, Bias: rng.IntN(2) == 0}
	if rng.IntN(4) == 0 { // ResNeXt's, from depthwise to wide
		conv.Groups = pick(2, 4, 8)
		in, mid = conv.Groups*pick(1, 2, 4, 8, 16), conv.Groups*pick(1, 4, 8, 16)
		conv.In, conv.Out = in, mid
		x.Op = graph.Input{Channels: in}
	}
	y := g.Call("a", conv, x)
	if rng.IntN(2) == 0 {
		y = g.Call("a.bn", graph.BatchNorm{Channels: mid, Eps: 1e-3}, y)
	}
	if rng.IntN(2) == 0 {
		y = g.Func("add", graph.Add{}, y, g.Call("b", conv, x))
	}
	switch rng.IntN(3) {
	case 0:
		y = g.Call("relu", graph.Activation{Func: graph.ReLU}, y)
	case 1:
		y = g.Call("leaky", graph.Activation{Func: graph.LeakyReLU, Slope: 0.2}, y)
	}
	switch rng.IntN(9) {
	case 0:
		g.Call("pool", graph.MaxPool{Window: graph.Square(pick(2, 3), pick(1, 2), pick(0, 1)), CeilMode: rng.IntN(2) == 0}, y)
	case 1, 2:
		next := graph.Square(pick(1, 3), pick(1, 2), 1)
		g.Call("c", graph.Conv{Window: next, In: mid, Out: out, Groups: 1}, y)
	case 3:
		g.Call("pool", graph.AvgPool{Window: graph.Square(pick(2, 3), pick(1, 2), pick(0, 1)), CeilMode: rng.IntN(2) == 0, CountIncludePad: rng.IntN(2) == 0}, y)
	case 4:
		g.Call("pool", graph.AdaptiveAvgPool{Height: pick(1, 2, 6), Width: pick(1, 3, 6)}, y)
	case 5:
		modes := []graph.ResizeMode{graph.Nearest, graph.Bilinear, graph.BilinearAlignCorners}
		y = g.Call("resize", graph.Resize{Mode: modes[rng.IntN(3)], Size: [2]int{pick(1, 5, 33), pick(1, 7, 20)}}, y)
		g.Call("c", graph.Conv{Window: graph.Square(3, 1, 1), In: mid, Out: out, Groups: 1}, y)
	case 6:
		g.Call("subsample", graph.Subsample{Stride: [2]int{pick(1, 2, 3), 2}}, y)
	case 7:
		y = g.Call("concat", graph.Concat{}, y, g.Call("d", conv, x), y)
		g.Call("c", graph.Conv{Window: graph.Square(3, 1, 1), In: 3 * mid, Out: out, Groups: 1}, y)
	case 8:
		if mid%4 == 0 {
			g.Call("norm", graph.GroupNorm{Channels: mid, Groups: pick(1, 2, 4), Eps: 1e-5}, y)
		}
	}
	return g, graph.Shape{1 + rng.IntN(3), in, 1 + rng.IntN(40), 1 + rng.IntN(40)}
}
