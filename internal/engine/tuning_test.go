package engine

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/choose"
	"github.com/vertebra-vision/vertebra/internal/kernel/stem"
	"github.com/vertebra-vision/vertebra/internal/kernel/strassen"
	"github.com/vertebra-vision/vertebra/internal/kernel/winograd"
)

// tunable is a residual graph wide enough for every algorithm.
func tunable() *graph.Graph {
	g := graph.New()
	x := g.Func("input", graph.Input{Channels: 64})
	y := g.Call("conv1", graph.Conv{Window: graph.Square(3, 1, 1), In: 64, Out: 64, Groups: 1}, x)
	y = g.Call("conv2", graph.Conv{Window: graph.Square(3, 1, 2), In: 64, Out: 64, Groups: 1}, y)
	y = g.Call("conv3", graph.Conv{Window: graph.Square(1, 1, 0), In: 64, Out: 64, Groups: 1}, y)
	y = g.Call("conv4", graph.Conv{Window: graph.Square(3, 1, 0), In: 64, Out: 64, Groups: 2}, y)
	g.Call("relu", graph.Activation{Func: graph.ReLU}, g.Func("add", graph.Add{}, y, x))
	return g
}

func last(g *graph.Graph) []*graph.Node { return g.Nodes()[len(g.Nodes())-1:] }

func needBlocked(t *testing.T) {
	t.Helper()
	if !kernel.Blocked() {
		t.Skip("one algorithm only, nothing to choose")
	}
}

// tuned measures tunable's convolutions and returns what was reported.
func tuned(t *testing.T, g *graph.Graph, params *Params, opt Options, ctx context.Context) []Measurement {
	t.Helper()
	var list []Measurement
	err := Tune(ctx, g, params, graph.Shape{2, 64, 9, 11}, last(g), nil, opt, func(m Measurement) { list = append(list, m) })
	require.NoError(t, err)
	return list
}

func TestTune(t *testing.T) {
	needBlocked(t)
	g := tunable()
	params, input := randomParams(g), randomInput(2, 64, 9, 11)
	file := filepath.Join(t.TempDir(), "choices.json")
	tuning, err := OpenTuning(file)
	require.NoError(t, err, "the file need not exist")
	opt := Options{Workers: 2, Tuning: tuning}
	list := tuned(t, g, params, opt, context.Background())
	require.Len(t, list, 4)
	for i, m := range list {
		assert.Equal(t, [2]int{i + 1, 4}, [2]int{m.Done, m.Total})
		assert.GreaterOrEqual(t, len(m.Times), 2, "%+v", m)
		assert.Positive(t, m.Times[m.Algorithm], "%+v", m)
	}
	assert.Empty(t, tuned(t, g, params, opt, context.Background()), "everything is known")

	require.NoError(t, tuning.Save())
	again, err := OpenTuning(file)
	require.NoError(t, err)
	assert.Equal(t, tuning.choices, again.choices)
	assert.Empty(t, tuned(t, g, params, Options{Workers: 2, Tuning: again}, context.Background()), "the file says it all")
	assert.Empty(t, tuned(t, g, params, Options{Workers: 1, Tuning: again}, context.Background()), "choices are for any number of threads")
	assert.Empty(t, tuned(t, g, params, Options{Workers: 2, Direct: true, Tuning: NewTuning()}, context.Background()), "nothing to choose")

	// What the plans use is what was chosen.
	for _, m := range list {
		_, err := choose.Named(m.Algorithm)
		require.NoError(t, err)
		p, err := Compile(g, params, input.Shape, last(g), nil, opt)
		require.NoError(t, err)
		for _, s := range p.leaves() {
			if s.unit.node.Name == m.Node {
				assert.Equal(t, m.Algorithm, s.unit.algorithm.Name(), m.Node)
			}
		}
	}
}

// A stem reads a planar image, and has a choice, too.
func TestTuneStem(t *testing.T) {
	needBlocked(t)
	g := graph.New()
	x := g.Func("input", graph.Input{Channels: 3})
	g.Call("conv1", graph.Conv{Window: graph.Square(7, 2, 3), In: 3, Out: 64, Groups: 1}, x)
	params, shape := randomParams(g), graph.Shape{1, 3, 97, 130}
	chosen := func(opt Options) string {
		p, err := Compile(g, params, shape, last(g), nil, opt)
		require.NoError(t, err)
		return p.leaves()[0].unit.algorithm.Name()
	}
	if kernel.Active() == kernel.AVX2 {
		assert.Equal(t, "winograd.stem", chosen(Options{}))
	}
	assert.Equal(t, "direct", chosen(Options{Direct: true}))

	opt := Options{Workers: 2, Tuning: NewTuning()}
	var list []Measurement
	require.NoError(t, Tune(context.Background(), g, params, shape, last(g), nil, opt, func(m Measurement) { list = append(list, m) }))
	require.Len(t, list, 1)
	assert.Len(t, list[0].Times, 2)
	assert.Equal(t, list[0].Algorithm, chosen(opt))
}

// Any table of choices gives the same results, whatever the batch, the rounds,
// the residuals and the hooks; choices that cannot be are not made.
func TestAnyChoices(t *testing.T) {
	onEveryISA(t, func(t *testing.T) {
		seeds := uint64(60)
		if testing.Short() {
			seeds = 20
		}
		for seed := range seeds {
			checkAnyChoices(t, seed)
		}
	})
}

func checkAnyChoices(t *testing.T, seed uint64) {
	rng := rand.New(rand.NewPCG(seed, 21))
	g, shape := randomNet(rng)
	params, input := randomParams(g), randomInput(shape...)
	wanted := someNodes(rng, g)
	opt := Options{Workers: 1 + rng.IntN(3), Cache: 1 << (10 + rng.IntN(12))}
	opt.Tuning = anyChoices(t, rng, g, shape, wanted, opt)
	want := oneByOne(t, g, params, input, nil)
	for i, got := range runWith(t, g, params, input, wanted, nil, nil, opt) {
		requireNear(t, want[wanted[i]], got, fmt.Sprintf("seed %d, %s", seed, wanted[i].Name))
	}
}

// anyChoices are of algorithms at random, among them some that cannot be.
func anyChoices(t *testing.T, rng *rand.Rand, g *graph.Graph, shape graph.Shape, wanted []*graph.Node, opt Options) *Tuning {
	opt.Tuning = NewTuning()
	units, err := newPlan(shape, opt).arrange(g, wanted, nil, opt)
	require.NoError(t, err)
	for _, u := range units {
		if c, ok := u.blockedConv(); ok {
			list := append(choose.Among(u.convSpec(c), u.inputs[0].layout), winograd.F3, stem.Winograd, strassen.Two, winograd.F(5), nil)
			opt.Tuning.choose(u.tuningKey(c), list[rng.IntN(len(list))])
		}
	}
	return opt.Tuning
}

// Tuning that is cancelled says so, keeps what it has and leaves no file half
// written.
func TestTuneCancelled(t *testing.T) {
	needBlocked(t)
	g := tunable()
	params := randomParams(g)
	tuning := NewTuning()
	ctx, cancel := context.WithCancel(context.Background())
	err := Tune(ctx, g, params, graph.Shape{2, 64, 9, 11}, last(g), nil, Options{Workers: 2, Tuning: tuning}, func(Measurement) { cancel() })
	require.ErrorIs(t, err, context.Canceled)
	assert.Len(t, tuning.choices, 1)
	assert.Len(t, tuned(t, g, params, Options{Workers: 2, Tuning: tuning}, context.Background()), 3, "the rest")

	tuning.measuring <- struct{}{} // somebody else measures
	err = Tune(ctx, g, params, graph.Shape{2, 64, 9, 11}, last(g), nil, Options{Workers: 2, Tuning: tuning}, nil)
	assert.ErrorIs(t, err, context.Canceled)
}

func TestTuneChecksMemoryFirst(t *testing.T) {
	g := tunable()
	err := Tune(context.Background(), g, randomParams(g), graph.Shape{64, 64, 512, 512}, last(g), nil, Options{Workers: 1, MemoryLimit: 1 << 20, Tuning: NewTuning()}, nil)
	assert.ErrorIs(t, err, ErrMemory)
	err = Tune(context.Background(), g, randomParams(g), graph.Shape{1, 3, 8, 8}, last(g), nil, Options{Workers: 1, Tuning: NewTuning()}, nil)
	assert.ErrorIs(t, err, graph.ErrShape)
}

// Several tune at a time: each kind is measured once, and files of several
// processes keep what each wrote.
func TestTuneConcurrently(t *testing.T) {
	needBlocked(t)
	g := tunable()
	params := randomParams(g)
	file := filepath.Join(t.TempDir(), "choices.json")
	one, err := OpenTuning(file)
	require.NoError(t, err)
	var mu sync.Mutex
	measured := map[string]int{}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			err := Tune(context.Background(), g, params, graph.Shape{1, 64, 8, 8}, last(g), nil, Options{Workers: 2, Tuning: one}, func(m Measurement) {
				mu.Lock()
				defer mu.Unlock()
				measured[m.Convolution]++
			})
			assert.NoError(t, err)
			_, err = Compile(g, params, graph.Shape{1, 64, 8, 8}, last(g), nil, Options{Workers: 2, Tuning: one})
			assert.NoError(t, err)
		})
	}
	other, err := OpenTuning(file)
	require.NoError(t, err)
	other.choose("another convolution", strassen.One)
	require.NoError(t, other.Save())
	wg.Wait()
	require.Len(t, measured, 4)
	for key, n := range measured {
		assert.Equal(t, 1, n, key)
	}
	require.NoError(t, one.Save())
	both, err := OpenTuning(file)
	require.NoError(t, err)
	assert.Len(t, both.choices, 5)
	left, err := filepath.Glob(filepath.Join(filepath.Dir(file), "*"))
	require.NoError(t, err)
	assert.Equal(t, []string{file}, left, "no temporary file stays")
}

// Files that are something else are errors that say so and name the file; those
// of other machines count for nothing and are kept.
func TestTuningFiles(t *testing.T) {
	head := `{"format": "vertebra tuning", "version": 1, "machines": `
	bad := map[string]struct{ text, says string }{
		"empty":        {``, "not JSON"},
		"cut off":      {head + `{"a": {"b": "dir`, "not JSON"},
		"an array":     {`[1]`, "not JSON"},
		"another kind": {`{"format": "package-lock", "version": 1}`, `its format is "package-lock"`},
		"of later":     {`{"format": "vertebra tuning", "version": 2, "machines": []}`, "its version is 2, this program reads 1"},
		"algorithm":    {head + `{"a": {"b": "winograd5"}}}`, `no algorithm is called "winograd5"`},
		"more":         {head + `{}, "extra": 1}`, "extra"},
	}
	file := filepath.Join(t.TempDir(), "choices.json")
	for name, c := range bad {
		require.NoError(t, os.WriteFile(file, []byte(c.text), 0o600))
		_, err := OpenTuning(file)
		require.ErrorIs(t, err, ErrTuning, name)
		assert.ErrorContains(t, err, c.says, name)
		assert.ErrorContains(t, err, file, name)
	}
	_, err := OpenTuning(filepath.Dir(file))
	assert.Error(t, err, "a folder")
	_, err = OpenTuning(filepath.Join(filepath.Dir(file), "none", "choices.json"))
	assert.ErrorContains(t, err, "none")

	require.NoError(t, os.WriteFile(file, []byte(head+`{"another machine": {"b": "strassen"}, "nothing": null}}`), 0o600))
	tuning, err := OpenTuning(file)
	require.NoError(t, err)
	assert.Empty(t, tuning.choices)
	tuning.choose("c", winograd.F6)
	require.NoError(t, tuning.Save())
	f, err := readTuning(file)
	require.NoError(t, err)
	assert.Equal(t, named{strassen.One}, f.Machines["another machine"]["b"])
	assert.Equal(t, named{winograd.F6}, f.Machines[thisMachine()]["c"])

	require.NoError(t, os.WriteFile(file, []byte("{"), 0o600))
	assert.ErrorIs(t, tuning.Save(), ErrTuning, "somebody else's file is not written over")
}

// FuzzTuning looks for content that the parser cannot bear.
func FuzzTuning(f *testing.F) {
	f.Add([]byte(`{"format": "vertebra tuning", "version": 1, "machines": {"a": {"b": "winograd4"}}}`))
	f.Add([]byte(`{"format": "vertebra tuning", "version": 1, "machines": null}`))
	f.Add([]byte(`{"format": "vertebra tuning", "version": 2}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		parsed, err := parseTuning(text)
		if err != nil {
			require.ErrorIs(t, err, ErrTuning)
			require.Nil(t, parsed)
			return
		}
		file := filepath.Join(t.TempDir(), "choices.json")
		require.NoError(t, os.WriteFile(file, text, 0o600))
		tuning, err := OpenTuning(file)
		require.NoError(t, err)
		tuning.choose("c", winograd.F2)
		require.NoError(t, tuning.Save())
		again, err := OpenTuning(file)
		require.NoError(t, err)
		require.Equal(t, tuning.choices, again.choices)
	})
}
