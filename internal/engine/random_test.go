package engine

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/reftest"
)

// randomParams fills the parameters of a graph. Variances are positive, and
// weights so large that a layer's outputs are about as large as its inputs.
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
			if p.Role == graph.RoleWeight {
				gain := float32(3.5 / math.Sqrt(float64(p.Shape[1:].Elems())))
				for i := range data {
					data[i] *= gain
				}
			}
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
	return runWith(t, g, params, input, wanted, taps, f, Options{Workers: 2})
}

func runWith(t *testing.T, g *graph.Graph, params *Params, input Value, wanted []*graph.Node, taps []Tap, f TapFunc, opt Options) []Value {
	t.Helper()
	p, err := Compile(g, params, input.Shape, wanted, taps, opt)
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

// FuzzPlan looks for graphs, wanted nodes, taps and algorithms that plans get
// wrong.
func FuzzPlan(f *testing.F) {
	f.Add(uint64(1000))
	f.Fuzz(func(t *testing.T, seed uint64) {
		checkRandomGraph(t, seed)
		checkRandomTaps(t, seed)
		checkAnyChoices(t, seed)
	})
}

func checkRandomGraph(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 1))
	g, shape := randomNet(rng)
	params, input := randomParams(g), randomInput(shape...)
	opt := randomOptions(rng)
	want := oneByOne(t, g, params, input, nil)
	wanted := someNodes(rng, g)
	for i, got := range runWith(t, g, params, input, wanted, nil, nil, opt) {
		requireNear(t, want[wanted[i]], got, fmt.Sprintf("seed %d, %s", seed, wanted[i].Name))
	}
}

// randomOptions are of a few workers, and of caches so small that batches pass
// in rounds.
func randomOptions(rng *rand.Rand) Options {
	return Options{Workers: 1 + rng.IntN(3), Cache: 1 << (10 + rng.IntN(12)), Direct: rng.IntN(4) == 0}
}

func checkRandomTaps(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 2))
	g, shape := randomNet(rng)
	params, input := randomParams(g), randomInput(shape...)
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
	got := runWith(t, g, params, input, wanted, taps, func(_ context.Context, i int, v Value) ([]float32, error) {
		half := halve(tapped[i], v)
		requireNear(t, want[tapped[i]], half, fmt.Sprintf("seed %d, tap on %s", seed, tapped[i].Name))
		return half.Data, nil
	}, randomOptions(rng))
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

// checkMemory asserts that no step writes over what a later one reads, in the
// plan's arena and in those of its sections.
func checkMemory(t *testing.T, p *Plan) {
	t.Helper()
	checkArena(t, p.steps, p.arena)
	for _, s := range p.steps {
		if sec, ok := s.kernel.(*section); ok {
			checkArena(t, sec.steps, sec.arena)
		}
	}
}

func checkArena(t *testing.T, steps []step, arena int) {
	t.Helper()
	last := map[*value]int{}
	for i, s := range steps {
		for _, in := range s.unit.inputs {
			last[in] = i
		}
	}
	for i, s := range steps {
		if s.unit.inner != nil {
			continue // what it makes is among the places it reads
		}
		if s.out.kind == inArena {
			require.LessOrEqual(t, s.out.at+s.out.size, arena)
		}
		for j := i + 1; j <= last[s.unit.out]; j++ {
			later := steps[j]
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

// What the random nets test is worth what they reach: sections, every kind of
// kernel and every algorithm.
func TestRandomNetsReachEverything(t *testing.T) {
	needBlocked(t)
	reached := map[string]bool{}
	for seed := range uint64(800) {
		rng := rand.New(rand.NewPCG(seed, 1))
		g, shape := randomNet(rng)
		opt := randomOptions(rng)
		wanted := last(g)
		opt.Tuning = anyChoices(t, rng, g, shape, wanted, opt)
		p, err := Compile(g, randomParams(g), shape, wanted, nil, opt)
		require.NoError(t, err)
		for _, s := range p.steps {
			reached[s.kernel.Name()] = true
		}
		for _, s := range p.leaves() {
			name := strings.NewReplacer(".avx2", "", ".avx512", "").Replace(s.kernel.Name())
			reached[name] = true
			if s.unit.residual {
				reached[name+" with residual"] = true
			}
			if c, ok := s.unit.op().(graph.Conv); ok && c.Groups > 1 {
				reached[name+" in groups"] = true
			}
		}
	}
	for _, name := range []string{
		"rounds", "reorder", "conv.stem", "conv.direct", "conv.direct in groups", "conv.direct with residual",
		"conv.winograd2", "conv.winograd3", "conv.winograd4", "conv.winograd4 with residual", "conv.winograd6", "conv.winograd6 in groups",
		"conv.strassen", "conv.strassen with residual", "conv.strassen2", "conv.strassen2 with residual",
		"maxpool", "avgpool", "adaptiveavgpool", "resize.bilinear", "resize.nearest", "subsample", "concat.blocked",
		"groupnorm", "affine", "add", "activation", "softmax", "linear.tiled",
	} {
		assert.True(t, reached[name], "%s", name)
	}
}
