package model

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/engine"
	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// Spec is what a model is made from.
type Spec struct {
	Graph *graph.Graph
	// Canonical translates a name that a person gave (C4, res4.0.conv1) to the
	// graph's. It may return names and patterns that the graph lacks.
	Canonical func(name string) string
	// Init gives the initial value of a parameter that no checkpoint gave.
	Init func(n *graph.Node, p graph.Param, dst []float32)
	// Keys brings a checkpoint to the graph's keys. Default weights.Canonical.
	Keys func(sd *weights.StateDict) (*weights.StateDict, weights.Scheme, error)
	// Plans bounds the plans that are kept. Default 8.
	Plans int
	// Classifier is the module whose parameters depend on the number of
	// classes, for ReplaceClassifier.
	Classifier string
	// Stem is the parameter whose shape depends on the image's channels, for
	// AdaptInputChannels.
	Stem string
	// Parent is a model whose weights this one starts with, where both have
	// parameters of a name and shape; nil for none.
	Parent *Model
	Options
}

// Options are what callers choose.
type Options struct {
	Threads     int
	MemoryLimit int64
	// Direct forbids Winograd's algorithm.
	Direct bool
	// ByBatch lets algorithms be chosen by the batch.
	ByBatch bool
	// Tuning has what was measured. Models may share one.
	Tuning *engine.Tuning
}

// The defaults and bounds of Options.
const (
	DefaultMemoryLimit = 4 << 30
	MaxThreads         = 1024
)

// DefaultOptions use every processor that Go may, and 4 GiB for weights and a run.
func DefaultOptions() Options {
	return Options{Threads: min(runtime.GOMAXPROCS(0), MaxThreads), MemoryLimit: DefaultMemoryLimit, Tuning: engine.NewTuning()}
}

// Model is a graph with weights and hooks. It is safe for concurrent use.
type Model struct {
	spec   Spec
	budget *engine.Budget
	mu     sync.Mutex // serialises changes of the state
	state  atomic.Pointer[state]
	closed bool
	hooks  hookSet
}

// state is one set of weights with the plans that are bound to them. Load
// replaces it as a whole, so that runs under way keep theirs.
type state struct {
	params *engine.Params
	plans  planCache
}

// New makes a model. Its weights are initialised when they are first needed.
func New(spec Spec) *Model {
	return &Model{spec: spec, budget: engine.NewBudget(spec.Threads)}
}

// Graph is the model's graph.
func (m *Model) Graph() *graph.Graph { return m.spec.Graph }

// Run computes nodes from an input, as tensors of their own.
func (m *Model) Run(ctx context.Context, x *ops.Tensor, nodes ...*graph.Node) ([]*ops.Tensor, error) {
	if x == nil {
		return nil, errors.Wrap(ops.ErrShape, "the input is nil")
	}
	hooks := m.hooks.snapshot()
	plan, err := m.plan(x.Shape(), nodes, hooks)
	if err != nil {
		return nil, err
	}
	out := make([]*ops.Tensor, len(nodes))
	data := make([][]float32, len(nodes))
	for i, shape := range plan.Outputs() {
		if out[i], err = ops.New(shape...); err != nil {
			return nil, err
		}
		data[i] = out[i].Data()
	}
	if err := plan.Run(ctx, x.Data(), data, hooks.call); err != nil {
		return nil, err
	}
	return out, nil
}

// Plan returns the plan that Run would use, hooks included.
func (m *Model) Plan(input []int, nodes ...*graph.Node) (*engine.Plan, error) {
	return m.plan(input, nodes, m.hooks.snapshot())
}

func (m *Model) plan(input graph.Shape, nodes []*graph.Node, hooks *hookSnapshot) (*engine.Plan, error) {
	s, err := m.ready()
	if err != nil {
		return nil, err
	}
	key := planKey(input, nodes, hooks.key, m.spec.Tuning.Generation())
	return s.plans.get(m.maxPlans(), key, func() (*engine.Plan, error) {
		return engine.Compile(m.spec.Graph, s.params, input, nodes, hooks.taps, m.engineOptions())
	})
}

func (m *Model) engineOptions() engine.Options {
	return engine.Options{
		Workers:     m.spec.Threads,
		Budget:      m.budget,
		MemoryLimit: m.spec.MemoryLimit,
		Direct:      m.spec.Direct,
		ByBatch:     m.spec.ByBatch,
		Tuning:      m.spec.Tuning,
	}
}

func (m *Model) maxPlans() int {
	if m.spec.Plans > 0 {
		return m.spec.Plans
	}
	return maxPlans
}

// ready returns the weights, initialised if nothing was loaded.
// The error wraps ErrClosed.
func (m *Model) ready() (*state, error) {
	if s := m.state.Load(); s != nil {
		return s, nil
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if s := m.state.Load(); s != nil {
		return s, nil
	}
	if err := m.open(); err != nil {
		return nil, err
	}
	params := map[string][]float32{}
	if err := m.initialise(params); err != nil {
		return nil, err
	}
	s := &state{params: engine.NewParams(params)}
	m.state.Store(s)
	return s, nil
}
