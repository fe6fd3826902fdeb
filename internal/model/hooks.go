package model

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/engine"
	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/ops"
)

// Activation is a value that a hook sees.
type Activation struct {
	// Name is the module or function whose output it is, or whose input in a
	// pre-hook: layer1.0.relu, layer3.
	Name string
	// Node is the node's name, which tells calls of one module apart:
	// layer1.0.relu_1. For a container it is the container's name.
	Node string
	// Input tells which input a pre-hook sees, where there are several.
	Input int
	// Tensor is the value. It is valid during the call and must not be
	// changed; Clone keeps it, Replace replaces it.
	Tensor *ops.Tensor

	replacement []float32
}

// Replace makes what follows compute from t instead. t must have the same
// shape; it is copied when the hook returns. The error wraps ops.ErrShape.
func (a *Activation) Replace(t *ops.Tensor) error {
	if t == nil || !graph.Shape(t.Shape()).Equal(a.Tensor.Shape()) {
		return errors.Wrapf(ops.ErrShape, "%s: replacing %v with %v: want the same shape", a.Node, a.Tensor, t)
	}
	a.replacement = t.Data()
	return nil
}

// HookFunc is called with an activation during a run. Its error stops the run
// and is returned from it, wrapped with the node's name.
type HookFunc func(ctx context.Context, a *Activation) error

// Hook is a registration.
type Hook struct {
	set    *hookSet
	points []point
	fn     HookFunc
}

// Remove takes the hook away. Runs under way still call it. Removing twice is
// allowed.
func (h *Hook) Remove() { h.set.remove(h) }

// AddHook registers a function on the outputs of what the pattern matches, or
// on its inputs where pre is true.
func (m *Model) AddHook(pattern string, pre bool, fn HookFunc) (*Hook, error) {
	if fn == nil {
		return nil, errors.Errorf("hook on %q: the function is nil", pattern)
	}
	points, err := m.matching(pattern, pre)
	if err != nil {
		return nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.open(); err != nil {
		return nil, err
	}
	h := &Hook{set: &m.hooks, points: points, fn: fn}
	m.hooks.add(h)
	return h, nil
}

// point is where a hook acts: at a node or at a container.
type point struct {
	node   *graph.Node
	module *graph.Module
	rank   int // of the container: inner ones come first
	pre    bool
	input  int
}

// name is unique among the points of one kind.
func (p point) name() string {
	if p.module != nil {
		return p.module.Name
	}
	return p.node.Name
}

// id is unique among all points.
func (p point) id() string {
	if p.pre {
		return fmt.Sprintf("pre:%s:%d", p.name(), p.input)
	}
	return p.name()
}

// compare orders points as PyTorch calls hooks on one value: outputs of inner
// modules before those of the modules around them, then inputs from the
// outside in.
func (p point) compare(q point) int {
	if p.pre != q.pre {
		if p.pre {
			return 1
		}
		return -1
	}
	depth := cmp.Compare(p.depth(), q.depth())
	if p.pre {
		return -depth
	}
	return depth
}

// depth is 0 for nodes, more for containers, most for the outermost.
func (p point) depth() int {
	if p.module == nil {
		return 0
	}
	return 1 + p.rank
}

func (p point) tap() engine.Tap {
	switch {
	case p.module != nil && p.pre:
		name := p.module.Name
		return engine.Tap{Node: p.module.Input, Readers: func(n *graph.Node) bool { return n.Inside(name) }}
	case p.module != nil:
		return engine.Tap{Node: p.module.Output}
	case p.pre:
		node := p.node
		return engine.Tap{Node: node.Inputs[p.input], Readers: func(n *graph.Node) bool { return n == node }}
	}
	return engine.Tap{Node: p.node}
}

func (p point) activation(t *ops.Tensor) *Activation {
	a := &Activation{Name: p.name(), Node: p.name(), Input: p.input, Tensor: t}
	if p.node != nil && p.node.Module != "" {
		a.Name = p.node.Module
	}
	return a
}

// hookSet is the registrations of a model.
type hookSet struct {
	mu      sync.Mutex
	hooks   []*Hook
	current *hookSnapshot // nil after a change
}

// hookSnapshot is the hooks as one run sees them. It does not change.
type hookSnapshot struct {
	points []point
	fns    [][]HookFunc // by point, in order of registration
	taps   []engine.Tap
	key    string // the same for the same points
}

func (s *hookSet) add(h *Hook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = append(s.hooks, h)
	s.current = nil
}

func (s *hookSet) remove(h *Hook) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks = slices.DeleteFunc(s.hooks, func(other *Hook) bool { return other == h })
	s.current = nil
}

func (s *hookSet) clear() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hooks, s.current = nil, nil
}

func (s *hookSet) snapshot() *hookSnapshot {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current == nil {
		s.current = newSnapshot(s.hooks)
	}
	return s.current
}

func newSnapshot(hooks []*Hook) *hookSnapshot {
	fns := map[string][]HookFunc{}
	s := &hookSnapshot{}
	for _, h := range hooks {
		for _, p := range h.points {
			if fns[p.id()] == nil {
				s.points = append(s.points, p)
			}
			fns[p.id()] = append(fns[p.id()], h.fn)
		}
	}
	slices.SortFunc(s.points, func(a, b point) int {
		return cmp.Or(a.compare(b), strings.Compare(a.id(), b.id()))
	})
	for _, p := range s.points {
		s.fns = append(s.fns, fns[p.id()])
		s.taps = append(s.taps, p.tap())
		s.key += p.id() + " "
	}
	return s
}

// call runs the hooks of one point, each on what the one before left.
func (s *hookSnapshot) call(ctx context.Context, tap int, v engine.Value) ([]float32, error) {
	var replacement []float32
	for _, fn := range s.fns[tap] {
		t, err := ops.FromSlice(v.Data, v.Shape...)
		if err != nil {
			return nil, err
		}
		a := s.points[tap].activation(t)
		if err := fn(ctx, a); err != nil {
			return nil, errors.Wrapf(err, "hook on %s", a.Node)
		}
		if a.replacement != nil {
			replacement = a.replacement
			v.Data = replacement
		}
	}
	return replacement, nil
}
