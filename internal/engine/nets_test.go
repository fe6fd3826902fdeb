package engine

import (
	"fmt"
	"math/rand/v2"

	"github.com/vertebra-vision/vertebra/internal/graph"
)

// netMaker makes graphs at random, with the patterns that passes look for and
// their near misses.
type netMaker struct {
	rng    *rand.Rand
	g      *graph.Graph
	nodes  []*graph.Node // maps
	shapes map[*graph.Node]graph.Shape
	convs  []*graph.Node // whose modules may be called again
}

// randomNet makes a graph and the shape of its input: maps of any channels and
// extents, strides, dilation, groups, several readers, modules that are called
// twice, and at times a classifier.
func randomNet(rng *rand.Rand) (*graph.Graph, graph.Shape) {
	m := &netMaker{rng: rng, g: graph.New(), shapes: map[*graph.Node]graph.Shape{}}
	channels := m.pick(1, 3, 4, 16, 20, 32, 64, 64)
	x := m.g.Func("input", graph.Input{Channels: channels})
	shape := graph.Shape{m.pick(1, 1, 2, 3, 4, 8), channels, 1 + rng.IntN(16), 1 + rng.IntN(16)}
	m.shapes[x] = shape
	m.nodes = append(m.nodes, x)
	if channels <= 4 && m.coin() {
		m.add("stem", graph.Conv{Window: graph.Square(7, 2, m.pick(0, 3, 3)), In: channels, Out: m.pick(16, 20, 64), Groups: 1}, x)
	}
	for i := range 2 + rng.IntN(18) {
		m.step(fmt.Sprintf("n%d", i))
	}
	if rng.IntN(3) == 0 {
		m.classifier()
	}
	return m.g, shape
}

func (m *netMaker) pick(list ...int) int { return list[m.rng.IntN(len(list))] }

func (m *netMaker) coin() bool { return m.rng.IntN(2) == 0 }

// add appends a node if its shape can be, and it is not too large.
func (m *netMaker) add(name string, op graph.Op, in ...*graph.Node) *graph.Node {
	var shapes []graph.Shape
	for _, x := range in {
		shapes = append(shapes, m.shapes[x])
	}
	shape, err := op.Infer(shapes)
	if err != nil || shape.Elems() > 1<<16 {
		return nil
	}
	n := m.g.Call(name, op, in...)
	m.shapes[n] = shape
	if len(shape) == 4 {
		m.nodes = append(m.nodes, n)
	}
	return n
}

// step appends a node that reads one of the latest.
func (m *netMaker) step(name string) {
	x := m.nodes[len(m.nodes)-1-m.rng.IntN(min(3, len(m.nodes)))]
	c := m.shapes[x][1]
	switch m.rng.IntN(20) {
	case 0, 1, 2, 3, 4, 5:
		m.conv(name, x)
	case 6:
		m.again(x)
	case 7, 8:
		m.add(name, graph.BatchNorm{Channels: c, Eps: 1e-5}, x)
	case 9:
		m.add(name, graph.Activation{Func: graph.ReLU}, x)
	case 10:
		m.add(name, graph.Activation{Func: graph.LeakyReLU, Slope: []float32{0.1, 2}[m.rng.IntN(2)]}, x)
	case 11:
		m.add(name, []graph.Op{graph.Activation{Func: graph.Sigmoid}, graph.Scale{By: 0.5}, graph.Softmax{}}[m.rng.IntN(3)], x)
	case 12:
		if groups := m.pick(1, 2, 4); c%groups == 0 && m.shapes[x].Elems() > 64*m.shapes[x][0]*groups {
			m.add(name, graph.GroupNorm{Channels: c, Groups: groups, Eps: 1e-5}, x) // of few values its quotients are noise
		}
	case 13:
		m.pool(name, x)
	case 14:
		m.resize(name, x)
	case 15:
		m.add(name, graph.Concat{}, x, m.like(x, 2, 3), m.like(x, 2, 3))
	case 16, 17:
		m.block(name, x)
	default:
		m.add(name, graph.Add{}, x, m.like(x, 1, 2, 3))
	}
}

// block appends a convolution around which its input passes.
func (m *netMaker) block(name string, x *graph.Node) {
	c, kernel := m.shapes[x][1], m.pick(1, 3)
	y := m.add(name+".conv", graph.Conv{Window: graph.Square(kernel, 1, kernel/2), In: c, Out: c, Groups: 1}, x)
	if y != nil && m.coin() {
		y = m.add(name+".bn", graph.BatchNorm{Channels: c, Eps: 1e-5}, y)
	}
	if y == nil {
		return
	}
	y = m.add(name+".add", graph.Add{}, y, x)
	if m.coin() {
		m.add(name+".relu", graph.Activation{Func: graph.ReLU}, y)
	}
}

// like picks a map that has the same extents as another along the given
// dimensions: that one at worst.
func (m *netMaker) like(x *graph.Node, dimensions ...int) *graph.Node {
	var list []*graph.Node
	for _, n := range m.nodes {
		same := true
		for _, d := range dimensions {
			same = same && m.shapes[n][d] == m.shapes[x][d]
		}
		if same {
			list = append(list, n)
		}
	}
	return list[m.rng.IntN(len(list))]
}

// conv appends a convolution of any kind: 1x1 and 3x3 mostly, which have
// algorithms of their own.
func (m *netMaker) conv(name string, x *graph.Node) {
	in := m.shapes[x][1]
	kernel, dilation := m.pick(1, 1, 3, 3, 3, 5), m.pick(1, 1, 1, 2, 3)
	w := graph.Square(kernel, m.pick(1, 1, 1, 2), m.pick(0, kernel/2, dilation*(kernel-1)/2, dilation*(kernel-1)/2))
	w.Dilation = [2]int{dilation, dilation}
	c := graph.Conv{Window: w, In: in, Out: m.pick(4, 16, 20, 32, 64, 64, 128), Groups: 1, Bias: m.coin()}
	if a := m.pick(1, 4, 8, 16); in%a == 0 && m.rng.IntN(4) == 0 { // ResNeXt's
		c.Groups = in / a
		c.Out = c.Groups * m.pick(a, a, 4)
	}
	if n := m.add(name, c, x); n != nil {
		m.convs = append(m.convs, n)
	}
}

// again calls a convolution's module a second time.
func (m *netMaker) again(x *graph.Node) {
	for _, n := range m.convs {
		if c := n.Op.(graph.Conv); c.In == m.shapes[x][1] {
			m.add(n.Module, c, x)
			return
		}
	}
}

func (m *netMaker) pool(name string, x *graph.Node) {
	w := graph.Square(m.pick(2, 3), m.pick(1, 2), m.pick(0, 1))
	switch m.rng.IntN(4) {
	case 0:
		m.add(name, graph.MaxPool{Window: w, CeilMode: m.coin()}, x)
	case 1:
		m.add(name, graph.AvgPool{Window: w, CeilMode: m.coin(), CountIncludePad: m.coin()}, x)
	case 2:
		m.add(name, graph.AdaptiveAvgPool{Height: m.pick(1, 2, 6), Width: m.pick(1, 3, 6)}, x)
	default:
		m.add(name, graph.Subsample{Stride: [2]int{m.pick(1, 2), 2}}, x)
	}
}

// resize appends one to a size, or to that of another map.
func (m *netMaker) resize(name string, x *graph.Node) {
	op := graph.Resize{Mode: []graph.ResizeMode{graph.Nearest, graph.Bilinear, graph.BilinearAlignCorners}[m.rng.IntN(3)]}
	if m.coin() {
		m.add(name, op, x, m.nodes[m.rng.IntN(len(m.nodes))])
		return
	}
	op.Size = [2]int{m.pick(1, 5, 17), m.pick(1, 7, 12)}
	m.add(name, op, x)
}

// classifier appends what follows the last map in every ResNet.
func (m *netMaker) classifier() {
	x := m.add("avgpool", graph.AdaptiveAvgPool{Height: 1, Width: 1}, m.nodes[len(m.nodes)-1])
	in := m.shapes[x][1]
	y := m.add("flatten", graph.Flatten{}, x)
	y = m.add("fc", graph.Linear{In: in, Out: m.pick(1, 10, 100), Bias: m.coin()}, y)
	if m.coin() {
		y = m.add("fc.relu", graph.Activation{Func: graph.ReLU}, y)
	}
	if m.coin() {
		m.add("fc.softmax", graph.Softmax{}, y)
	}
}
