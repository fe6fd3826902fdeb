package engine

import (
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pkg/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// residual is a block with a projection, as in every ResNet.
func residual() *graph.Graph {
	g := graph.New()
	x := g.Func("input", graph.Input{Channels: 4})
	conv := func(name string, x *graph.Node) *graph.Node {
		x = g.Call(name, graph.Conv{Window: graph.Square(3, 1, 1), In: 4, Out: 4, Groups: 1}, x)
		return g.Call(strings.Replace(name, "conv", "bn", 1), graph.BatchNorm{Channels: 4, Eps: 1e-5}, x)
	}
	y := g.Call("relu", graph.Activation{Func: graph.ReLU}, conv("conv1", x))
	y = conv("conv2", y)
	y = g.Func("add", graph.Add{}, y, conv("conv3", x))
	y = g.Call("relu", graph.Activation{Func: graph.ReLU}, y)
	g.Call("pool", graph.AdaptiveAvgPool{Height: 1, Width: 1}, y)
	return g
}

func compile(t *testing.T, g *graph.Graph, taps []Tap, names ...string) *Plan {
	t.Helper()
	var wanted []*graph.Node
	for _, n := range names {
		wanted = append(wanted, g.Node(n))
	}
	p, err := Compile(g, randomParams(g), graph.Shape{1, 4, 8, 8}, wanted, taps, Options{Workers: 2})
	require.NoError(t, err)
	return p
}

// steps lists what a plan does: each step's node and what is fused into it.
func steps(p *Plan) []string {
	var list []string
	for _, s := range p.steps {
		line := s.unit.node.Name
		for _, f := range s.unit.fused {
			line += "+" + f.Name
		}
		list = append(list, line)
	}
	return list
}

// onEveryISA runs a test with each set of kernels that this CPU has.
func onEveryISA(t *testing.T, f func(t *testing.T)) {
	best := kernel.Active()
	defer func() { require.NoError(t, kernel.Use(best)) }()
	for isa := kernel.Generic; isa <= best; isa++ {
		require.NoError(t, kernel.Use(isa))
		t.Run(isa.String(), f)
	}
}

// onGeneric makes plans planar, so that they hold what the graph says and no
// copies between layouts.
func onGeneric(t *testing.T) {
	best := kernel.Active()
	require.NoError(t, kernel.Use(kernel.Generic))
	t.Cleanup(func() { require.NoError(t, kernel.Use(best)) })
}

func TestFusion(t *testing.T) {
	onGeneric(t)
	g := residual()
	cases := []struct {
		name   string
		wanted []string
		taps   []Tap
		steps  []string
	}{
		{"all", []string{"pool"}, nil, []string{"conv1+bn1+relu", "conv3+bn3", "conv2+bn2+add+relu_1", "pool"}},
		{"stops early", []string{"bn1"}, nil, []string{"conv1+bn1"}},
		{"a wanted convolution stays whole", []string{"pool", "conv2"}, nil,
			[]string{"conv1+bn1+relu", "conv2", "bn2", "conv3+bn3+add+relu_1", "pool"}},
		{"a hooked norm ends the fusion there", []string{"pool"}, []Tap{{Node: g.Node("bn1")}},
			[]string{"conv1+bn1", "bn1", "relu", "conv3+bn3", "conv2+bn2+add+relu_1", "pool"}},
		{"a hook on the sum", []string{"pool"}, []Tap{{Node: g.Node("add")}},
			[]string{"conv1+bn1+relu", "conv3+bn3", "conv2+bn2+add", "add", "relu_1", "pool"}},
		{"a hook past the wanted node is not there", []string{"relu"}, []Tap{{Node: g.Node("bn2")}}, []string{"conv1+bn1+relu"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			assert.Equal(t, c.steps, steps(compile(t, g, c.taps, c.wanted...)))
		})
	}
}

func TestArenaIsReused(t *testing.T) {
	onGeneric(t)
	g := graph.New()
	x := g.Func("input", graph.Input{Channels: 4})
	for range 50 {
		x = g.Call("conv", graph.Conv{Window: graph.Square(3, 1, 1), In: 4, Out: 4, Groups: 1}, x)
	}
	p := compile(t, g, nil, x.Name)
	oneMap := int64(4 * 4 * 8 * 8)
	scratch := int64(4 * 2 * align(p.steps[0].kernel.Scratch()))
	assert.LessOrEqual(t, p.ArenaBytes(), 2*oneMap+scratch, "two maps alternate")
}

func TestPlanTable(t *testing.T) {
	onGeneric(t)
	p := compile(t, residual(), nil, "pool")
	table := p.String()
	for _, s := range []string{"input 1x4x8x8", "conv.im2col", "bn2 add relu_1", "1x4x1x1", "output 0"} {
		assert.Contains(t, table, s)
	}
	assert.Equal(t, int64(3*4*4*9*64), p.MACs())
}

// The limit counts the weights, as they were loaded and packed, with a run's
// memory. What exceeds it is packed only where the guess before was too low.
func TestMemoryLimit(t *testing.T) {
	g := residual()
	params := randomParams(g)
	compile := func(limit int64) (*Plan, error) {
		return Compile(g, params, graph.Shape{1, 4, 8, 8}, []*graph.Node{g.Node("pool")}, nil, Options{Workers: 1, MemoryLimit: limit})
	}
	raw, packed := params.Bytes()
	assert.Zero(t, packed)
	_, err := compile(raw - 1)
	require.ErrorIs(t, err, ErrMemory)
	assert.ErrorContains(t, err, "the weights alone take")
	_, packed = params.Bytes()
	assert.Zero(t, packed, "nothing is packed in vain")

	p, err := compile(0)
	require.NoError(t, err)
	need := p.Memory()
	assert.Equal(t, raw, need.Weights)
	assert.Equal(t, p.ArenaBytes(), need.Arena)
	assert.EqualValues(t, 4*4, need.Outputs)
	_, err = compile(need.Total())
	assert.NoError(t, err, "the limit is what is needed")
	_, err = compile(need.Total() - 1)
	require.ErrorIs(t, err, ErrMemory)
	assert.ErrorContains(t, err, "1x4x8x8")
}

func TestShapeErrorNamesTheNode(t *testing.T) {
	g := residual()
	_, err := Compile(g, randomParams(g), graph.Shape{1, 3, 8, 8}, []*graph.Node{g.Node("pool")}, nil, Options{})
	require.ErrorIs(t, err, graph.ErrShape)
	assert.ErrorContains(t, err, "input 1x3x8x8 has 3 channels, the network takes 4")
}

func TestRunRejectsForeignBuffers(t *testing.T) {
	p := compile(t, residual(), nil, "pool")
	assert.ErrorIs(t, p.Run(context.Background(), nil, [][]float32{make([]float32, 4)}, nil), graph.ErrShape)
	assert.ErrorIs(t, p.Run(context.Background(), make([]float32, 256), nil, nil), graph.ErrShape)
}

func TestCancel(t *testing.T) {
	g := residual()
	p := compile(t, g, []Tap{{Node: g.Node("relu")}}, "pool")
	ctx, cancel := context.WithCancel(context.Background())
	in, out := make([]float32, 256), [][]float32{make([]float32, 4)}
	err := p.Run(ctx, in, out, func(context.Context, int, Value) ([]float32, error) {
		cancel()
		return nil, nil
	})
	assert.ErrorIs(t, err, context.Canceled)
	assert.NoError(t, p.Run(context.Background(), in, out, nil), "the session is fit for another run")
}

// A deadline ends a run in the middle of a node, not only between nodes.
func TestCancelWithinANode(t *testing.T) {
	g := graph.New()
	x := g.Func("input", graph.Input{Channels: 64})
	x = g.Call("conv", graph.Conv{Window: graph.Square(9, 1, 4), In: 64, Out: 64, Groups: 1}, x)
	p, err := Compile(g, randomParams(g), graph.Shape{1, 64, 512, 512}, []*graph.Node{x}, nil, Options{Workers: 1})
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		done <- p.Run(ctx, make([]float32, 64*512*512), [][]float32{make([]float32, 64*512*512)}, nil)
	}()
	// The whole node is 87 GMAC: many seconds. A task is a few milliseconds.
	select {
	case err := <-done:
		assert.ErrorIs(t, err, context.DeadlineExceeded)
	case <-time.After(5 * time.Second):
		t.Fatal("the run went on after its deadline")
	}
}

func TestTapErrorStops(t *testing.T) {
	g := residual()
	p := compile(t, g, []Tap{{Node: g.Node("relu")}, {Node: g.Node("add")}}, "pool")
	boom := errors.New("boom")
	calls := 0
	err := p.Run(context.Background(), make([]float32, 256), [][]float32{make([]float32, 4)}, func(context.Context, int, Value) ([]float32, error) {
		calls++
		return nil, boom
	})
	assert.ErrorIs(t, err, boom)
	assert.Equal(t, 1, calls)
}

// Values stay blocked from convolution to convolution, with the halo that the
// next one wants; there is one copy where a caller looks in.
func TestLayouts(t *testing.T) {
	if !kernel.Blocked() {
		t.Skip("no blocked kernels here")
	}
	p := compile(t, residual(), nil, "pool", "bn2")
	kinds := map[string]int{}
	for _, s := range p.steps {
		kinds[s.unit.op().Kind()]++
		if s.unit.node.Name == "conv1" {
			assert.Equal(t, kernel.Layout{Blocked: true, Halo: 1}, s.unit.out.layout)
		}
	}
	assert.Equal(t, map[string]int{"conv": 3, "reorder": 1, "adaptiveavgpool": 1}, kinds)
}

// A pre-hook's replacement reaches the readers that it is for and no others.
func TestTapForSomeReaders(t *testing.T) {
	g := residual()
	params, input := randomParams(g), randomInput(1, 4, 8, 8)
	zero := func(_ context.Context, _ int, v Value) ([]float32, error) { return make([]float32, len(v.Data)), nil }
	tap := Tap{Node: g.Node("input"), Readers: func(n *graph.Node) bool { return n.Name == "conv3" }}
	got := run(t, g, params, input, []*graph.Node{g.Node("conv1"), g.Node("conv3")}, []Tap{tap}, zero)
	plain := run(t, g, params, input, []*graph.Node{g.Node("conv1")}, nil, nil)
	assert.Equal(t, plain[0].Data, got[0].Data)
	assert.Equal(t, make([]float32, len(got[1].Data)), got[1].Data, "a convolution without bias of zeros")
	assert.Equal(t, randomInput(1, 4, 8, 8).Data, input.Data, "the caller's input is untouched")
}

// Runs on many goroutines, and on any number of workers, give the same bits.
func TestConcurrentRunsAreBitEqual(t *testing.T) { onEveryISA(t, testConcurrentRuns) }

func testConcurrentRuns(t *testing.T) {
	g := residual()
	params, input := randomParams(g), randomInput(2, 4, 33, 47)
	var want []float32
	for workers := 1; workers <= 5; workers++ {
		p, err := Compile(g, params, input.Shape, []*graph.Node{g.Node("relu_1")}, nil, Options{Workers: workers})
		require.NoError(t, err)
		var wg sync.WaitGroup
		results := make([][]float32, 8)
		for i := range results {
			wg.Go(func() {
				out := make([]float32, p.Outputs()[0].Elems())
				assert.NoError(t, p.Run(context.Background(), input.Data, [][]float32{out}, nil))
				results[i] = out
			})
		}
		wg.Wait()
		if want == nil {
			want = results[0]
		}
		for _, r := range results {
			require.Equal(t, want, r)
		}
		assert.LessOrEqual(t, len(p.sessions.list), maxIdleSessions)
	}
}

// More workers than tasks, and a context that ends between two runs: every run
// gives the same bits, and no goroutine outlives it.
func TestManyWorkersFewTasks(t *testing.T) { onEveryISA(t, testManyWorkers) }

func testManyWorkers(t *testing.T) {
	g := residual()
	params, input := randomParams(g), randomInput(1, 4, 3, 2)
	var want []float32
	before := runtime.NumGoroutine()
	for _, workers := range []int{1, 2, 16, 64} {
		p, err := Compile(g, params, input.Shape, []*graph.Node{g.Node("relu_1")}, nil, Options{Workers: workers})
		require.NoError(t, err)
		for range 20 {
			out := make([]float32, p.Outputs()[0].Elems())
			require.NoError(t, p.Run(context.Background(), input.Data, [][]float32{out}, nil))
			if want == nil {
				want = out
			}
			require.Equal(t, want, out)
		}
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	assert.LessOrEqual(t, runtime.NumGoroutine(), before)
}

// However a run ends, its goroutines end with it.
func TestNoGoroutineOutlivesItsRun(t *testing.T) {
	g := residual()
	p, err := Compile(g, randomParams(g), graph.Shape{1, 4, 8, 8}, []*graph.Node{g.Node("pool")}, []Tap{{Node: g.Node("relu")}}, Options{Workers: 16})
	require.NoError(t, err)
	before := runtime.NumGoroutine()
	in := make([]float32, 256)
	for _, end := range []string{"result", "error", "cancelled in a hook", "cancelled before", "cancelled at some time"} {
		for i := range 10 {
			ctx, cancel := context.WithCancel(context.Background())
			switch end {
			case "cancelled before":
				cancel()
			case "cancelled at some time":
				time.AfterFunc(time.Duration(i)*20*time.Microsecond, cancel)
			}
			_ = p.Run(ctx, in, [][]float32{make([]float32, 4)}, func(context.Context, int, Value) ([]float32, error) {
				if end == "cancelled in a hook" {
					cancel()
				}
				if end == "error" {
					return nil, errors.New("no")
				}
				return nil, nil
			})
			cancel()
		}
		for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		assert.LessOrEqual(t, runtime.NumGoroutine(), before, end)
	}
}

// Threads that a budget has given away are given back, after errors too, and while
// a tap is called.
func TestBudgetOfRuns(t *testing.T) {
	g := residual()
	budget := NewBudget(3)
	p, err := Compile(g, randomParams(g), graph.Shape{1, 4, 8, 8}, []*graph.Node{g.Node("pool")}, []Tap{{Node: g.Node("relu")}}, Options{Workers: 8, Budget: budget})
	require.NoError(t, err)
	in, out := make([]float32, 256), [][]float32{make([]float32, 4)}
	for name, tap := range map[string]TapFunc{
		"none":  nil,
		"error": func(context.Context, int, Value) ([]float32, error) { return nil, errors.New("no") },
		"same plan": func(ctx context.Context, _ int, _ Value) ([]float32, error) {
			assert.Equal(t, 3, budget.free)
			return nil, p.Run(ctx, in, [][]float32{make([]float32, 4)}, nil)
		},
	} {
		err := p.Run(context.Background(), in, out, tap)
		assert.Equal(t, name == "error", err != nil, name)
		assert.Equal(t, 3, budget.free, name)
	}
	assert.Panics(t, func() {
		_ = p.Run(context.Background(), in, out, func(context.Context, int, Value) ([]float32, error) { panic("no") })
	})
	assert.Equal(t, 3, budget.free, "after a panic")
}
