package engine

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/reftest"
)

// randomGraph makes a graph of n nodes over maps of the same shape, with the
// patterns that passes look for and their near misses.
func randomGraph(rng *rand.Rand, channels, n int) *graph.Graph {
	g := graph.New()
	nodes := []*graph.Node{g.Func("input", graph.Input{Channels: channels})}
	for i := range n {
		x := nodes[len(nodes)-1-rng.IntN(min(3, len(nodes)))]
		name := fmt.Sprintf("n%d", i)
		var op graph.Op
		in := []*graph.Node{x}
		switch rng.IntN(14) {
		case 0, 1, 2:
			op = graph.Conv{Window: graph.Square(3, 1, 1), In: channels, Out: channels, Groups: 1 + rng.IntN(2), Bias: rng.IntN(2) == 0}
		case 3:
			op = graph.Conv{Window: graph.Square(1, 1, 0), In: channels, Out: channels, Groups: 1}
		case 4, 5:
			op = graph.BatchNorm{Channels: channels, Eps: 1e-5}
		case 6:
			op = graph.Activation{Func: graph.ReLU}
		case 7:
			op = graph.Activation{Func: graph.LeakyReLU, Slope: 0.1}
		case 8:
			op = graph.GroupNorm{Channels: channels, Groups: 2, Eps: 1e-5}
		case 9:
			op = graph.MaxPool{Window: graph.Square(3, 1, 1)}
		case 10:
			op = graph.AvgPool{Window: graph.Square(3, 1, 1), CountIncludePad: rng.IntN(2) == 0}
		case 11:
			op = graph.Activation{Func: graph.Sigmoid}
		case 12:
			y := nodes[rng.IntN(len(nodes))]
			joined := g.Call(name+".concat", graph.Concat{}, x, y)
			nodes = append(nodes, joined)
			op, in = graph.Conv{Window: graph.Square(1, 1, 0), In: 2 * channels, Out: channels, Groups: 1}, []*graph.Node{joined}
		default:
			op = graph.Add{}
			in = append(in, nodes[rng.IntN(len(nodes))])
		}
		made := g.Call(name, op, in...)
		if op.Kind() == "conv" && len(nodes) > 1 && in[0] == nodes[len(nodes)-1] && in[0] != x {
			nodes = nodes[:len(nodes)-1] // the concatenation has another shape
		}
		nodes = append(nodes, made)
	}
	return g
}

// randomParams fills the parameters of a graph; variances are positive.
func randomParams(g *graph.Graph) *Params {
	params := map[string][]float32{}
	for _, n := range g.Nodes() {
		for _, p := range n.Op.Params() {
			data := make([]float32, p.Shape.Elems())
			lo := -0.5
			if p.Role == graph.RoleVar {
				lo = 0.5
			}
			reftest.Fill(n.ParamKey(p), data, lo, lo+1)
			params[n.ParamKey(p)] = data
		}
	}
	return NewParams(params)
}

// oneByOne computes every node on its own: no fusion, no shared memory.
// replace changes a node's output for all that read it.
func oneByOne(t *testing.T, g *graph.Graph, params *Params, input Value, replace func(*graph.Node, Value) Value) map[*graph.Node]Value {
	t.Helper()
	values := map[*graph.Node]Value{}
	for _, n := range g.Nodes() {
		if _, ok := n.Op.(graph.Input); ok {
			values[n] = input
			continue
		}
		var in []Value
		for _, x := range n.Inputs {
			in = append(in, values[x])
		}
		own, err := nodeParams(n, params)
		require.NoError(t, err)
		out, err := Apply(n.Op, own, in...)
		require.NoError(t, err)
		if replace != nil {
			out = replace(n, out)
		}
		values[n] = out
	}
	return values
}

func randomInput(shape ...int) Value {
	v := Value{Shape: shape, Data: make([]float32, graph.Shape(shape).Elems())}
	reftest.Fill("input", v.Data, -1, 1)
	return v
}

// run compiles and runs, and returns the wanted values.
func run(t *testing.T, g *graph.Graph, params *Params, input Value, wanted []*graph.Node, taps []Tap, f TapFunc) []Value {
	t.Helper()
	p, err := Compile(g, params, input.Shape, wanted, taps, Options{Workers: 2})
	require.NoError(t, err)
	checkMemory(t, p)
	var out []Value
	var data [][]float32
	for _, s := range p.Outputs() {
		v := Value{Shape: s, Data: make([]float32, s.Elems())}
		out, data = append(out, v), append(data, v.Data)
	}
	require.NoError(t, p.Run(context.Background(), input.Data, data, f))
	return out
}

// requireNear compares values to 1e-4 of the largest: fusion rounds
// differently, and random graphs amplify.
func requireNear(t *testing.T, want, got Value, what string) {
	t.Helper()
	require.Equal(t, want.Shape, got.Shape, what)
	largest, worst := 1e-6, 0.0
	for i := range want.Data {
		largest = math.Max(largest, math.Abs(float64(want.Data[i])))
		worst = math.Max(worst, math.Abs(float64(want.Data[i]-got.Data[i])))
	}
	require.LessOrEqual(t, worst/largest, 1e-4, what)
}

// A plan of any graph and any wanted nodes computes what its nodes compute
// one by one.
func TestRandomGraphs(t *testing.T) {
	onEveryISA(t, func(t *testing.T) {
		for seed := range uint64(150) {
			checkRandomGraph(t, seed)
		}
	})
}

// Taps see the values that nodes compute one by one, and what follows
// computes from what they replace.
func TestRandomTaps(t *testing.T) {
	onEveryISA(t, func(t *testing.T) {
		for seed := range uint64(150) {
			checkRandomTaps(t, seed)
		}
	})
}

// FuzzPlan looks for graphs, wanted nodes and taps that plans get wrong.
func FuzzPlan(f *testing.F) {
	f.Add(uint64(1000))
	f.Fuzz(func(t *testing.T, seed uint64) {
		checkRandomGraph(t, seed)
		checkRandomTaps(t, seed)
	})
}

func checkRandomGraph(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	channels := []int{4, 16, 20, 32}[rng.IntN(4)]
	g := randomGraph(rng, channels, 2+rng.IntN(25))
	params, input := randomParams(g), randomInput(1+rng.IntN(2), channels, 5, 6)
	want := oneByOne(t, g, params, input, nil)
	wanted := someNodes(rng, g)
	for i, got := range run(t, g, params, input, wanted, nil, nil) {
		requireNear(t, want[wanted[i]], got, fmt.Sprintf("seed %d, %s", seed, wanted[i].Name))
	}
}

func checkRandomTaps(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 2))
	channels := []int{4, 16, 20, 32}[rng.IntN(4)]
	g := randomGraph(rng, channels, 2+rng.IntN(25))
	params, input := randomParams(g), randomInput(1, channels, 5, 6)
	wanted, tapped := someNodes(rng, g), someNodes(rng, g)
	halve := func(n *graph.Node, v Value) Value {
		if slices.Contains(tapped, n) {
			v.Data = slices.Clone(v.Data)
			for i := range v.Data {
				v.Data[i] *= 0.5
			}
		}
		return v
	}
	want := oneByOne(t, g, params, input, halve)
	var taps []Tap
	for _, n := range tapped {
		taps = append(taps, Tap{Node: n})
	}
	got := run(t, g, params, input, wanted, taps, func(_ context.Context, i int, v Value) ([]float32, error) {
		half := halve(tapped[i], v)
		requireNear(t, want[tapped[i]], half, fmt.Sprintf("seed %d, tap on %s", seed, tapped[i].Name))
		return half.Data, nil
	})
	for i := range got {
		requireNear(t, want[wanted[i]], got[i], fmt.Sprintf("seed %d, %s", seed, wanted[i].Name))
	}
}

// someNodes picks one to three distinct nodes other than the input.
func someNodes(rng *rand.Rand, g *graph.Graph) []*graph.Node {
	nodes := slices.Clone(g.Nodes()[1:])
	rng.Shuffle(len(nodes), func(i, j int) { nodes[i], nodes[j] = nodes[j], nodes[i] })
	return nodes[:min(len(nodes), 1+rng.IntN(3))]
}

// checkMemory asserts that no step writes over what a later one reads.
func checkMemory(t *testing.T, p *Plan) {
	t.Helper()
	last := map[*value]int{}
	for i, s := range p.steps {
		for _, in := range s.unit.inputs {
			last[in] = i
		}
	}
	for i, s := range p.steps {
		if s.out.kind == inArena {
			require.LessOrEqual(t, s.out.at+s.out.size, p.arena)
		}
		for j := i + 1; j <= last[s.unit.out]; j++ {
			later := p.steps[j]
			require.False(t, overlap(later.scratch, s.out), "scratch of %s lies on %s", later.unit.node.Name, s.unit.node.Name)
			inPlace := j == last[s.unit.out] && later.out == s.out
			require.False(t, overlap(later.out, s.out) && !inPlace, "%s overwrites %s", later.unit.node.Name, s.unit.node.Name)
		}
	}
}

func overlap(a, b place) bool {
	return a.kind == inArena && b.kind == inArena && a.size > 0 && b.size > 0 &&
		a.at < b.at+b.size && b.at < a.at+a.size
}
