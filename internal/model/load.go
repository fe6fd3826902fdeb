package model

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/engine"
	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/names"
	"github.com/vertebra-vision/vertebra/internal/parallel"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// LoadOption changes what Load accepts.
type LoadOption func(*loadPolicy)

type loadPolicy struct {
	missing, unexpected []string // globs that are allowed
	replaceClassifier   bool
}

// AllowMissing keeps the present values of parameters that match one of the
// globs and that the checkpoint lacks. In globs, * does not cross a dot and **
// does; no glob at all allows everything.
func AllowMissing(globs ...string) LoadOption {
	return func(p *loadPolicy) { p.missing = append(p.missing, orAll(globs)...) }
}

// IgnoreUnexpected skips what the checkpoint has beyond the model, where it
// matches one of the globs; no glob allows everything.
func IgnoreUnexpected(globs ...string) LoadOption {
	return func(p *loadPolicy) { p.unexpected = append(p.unexpected, orAll(globs)...) }
}

// ReplaceClassifier keeps the model's own classifier weights, whatever the
// checkpoint has there: to start from a checkpoint with other classes.
func ReplaceClassifier() LoadOption {
	return func(p *loadPolicy) { p.replaceClassifier = true }
}

// check reports a glob that is none. The error wraps weights.ErrWeights.
func (p *loadPolicy) check() error {
	for _, glob := range slices.Concat(p.missing, p.unexpected) {
		if _, err := names.Glob(glob); err != nil {
			return errors.Wrap(weights.ErrWeights, err.Error())
		}
	}
	return nil
}

func orAll(globs []string) []string {
	if len(globs) == 0 {
		return []string{"**"}
	}
	return globs
}

// LoadError says everything in which a checkpoint and a model disagree. It
// wraps weights.ErrWeights.
type LoadError struct {
	Source     string   // the checkpoint
	Scheme     string   // the key scheme that was recognised
	Missing    []string // keys that the checkpoint lacks
	Unexpected []string // keys that the model lacks
	Misshapen  []string // "key: checkpoint 10x512, model 1000x512"
	Hint       string   // what to change, where that is known
}

// maxListed is how many keys of a kind Error names.
const maxListed = 3

// Error is one line: how many keys of each kind, and the first ones. Details has
// them all.
func (e *LoadError) Error() string {
	var parts []string
	for _, l := range e.lists() {
		if n := len(l.keys); n > 0 {
			part := fmt.Sprintf("%d %s: %s", n, l.what, strings.Join(l.keys[:min(n, maxListed)], ", "))
			if n > maxListed {
				part += ", …"
			}
			parts = append(parts, part)
		}
	}
	if e.Hint != "" {
		parts = append(parts, e.Hint)
	}
	return names.Printable(e.head() + ": " + strings.Join(parts, "; "))
}

// Details is all of it, a line each: what does not fit in general, every key
// with what is wrong with it, and what to change.
func (e *LoadError) Details() []string {
	lines := []string{names.Printable(e.head())}
	for _, l := range e.lists() {
		for _, key := range l.keys {
			lines = append(lines, names.Printable(l.what+": "+key))
		}
	}
	if e.Hint != "" {
		lines = append(lines, e.Hint)
	}
	return lines
}

func (e *LoadError) head() string {
	return fmt.Sprintf("%s does not fit the model (read as %s keys)", e.Source, e.Scheme)
}

// lists are the keys by what is wrong with them.
func (e *LoadError) lists() []keyList {
	return []keyList{{"missing", e.Missing}, {"unexpected", e.Unexpected}, {"misshapen", e.Misshapen}}
}

type keyList struct {
	what string
	keys []string
}

// Unwrap makes errors.Is(err, weights.ErrWeights) true.
func (e *LoadError) Unwrap() error { return weights.ErrWeights }

func (e *LoadError) empty() bool {
	return len(e.Missing)+len(e.Unexpected)+len(e.Misshapen) == 0
}

// Load takes the weights from a checkpoint, whose keys may follow any scheme
// that Spec.Keys understands, by default weights.Canonical. Where something is missing, unexpected or
// misshapen it changes nothing and returns a *LoadError with all of it.
func (m *Model) Load(sd *weights.StateDict, opts ...LoadOption) error {
	if sd == nil {
		return errors.Wrap(weights.ErrWeights, "the state dict is nil")
	}
	var policy loadPolicy
	for _, o := range opts {
		o(&policy)
	}
	if err := policy.check(); err != nil {
		return err
	}
	keys := m.spec.Keys
	if keys == nil {
		keys = weights.Canonical
	}
	canonical, scheme, err := keys(sd)
	if err != nil {
		return err
	}
	list, disagreement := m.match(canonical, policy)
	if !disagreement.empty() {
		disagreement.Source, disagreement.Scheme = sourceName(sd), fmt.Sprint(scheme)
		return disagreement
	}
	return m.read(canonical, list)
}

func sourceName(sd *weights.StateDict) string {
	if path := sd.Path(); path != "" {
		return path
	}
	return "the state dict"
}

// match compares the model's parameters with the checkpoint's. It returns
// those to read.
func (m *Model) match(sd *weights.StateDict, policy loadPolicy) ([]parameter, *LoadError) {
	var read []parameter
	e := &LoadError{}
	known := map[string]bool{}
	for _, p := range m.parameters() {
		known[p.key] = true
		if policy.replaceClassifier && strings.HasPrefix(p.key, m.spec.Classifier+".") {
			continue
		}
		t, ok := sd.Get(p.key)
		switch {
		case !ok && !matchAny(policy.missing, p.key):
			e.Missing = append(e.Missing, fmt.Sprintf("%s %v", p.key, p.param.Shape))
		case ok && !p.param.Shape.Equal(t.Shape()):
			e.Misshapen = append(e.Misshapen, fmt.Sprintf("%s: checkpoint %v, model %v", p.key, graph.Shape(t.Shape()), p.param.Shape))
		case ok:
			read = append(read, p)
		}
	}
	for _, key := range sd.Names() {
		if !known[key] && !matchAny(policy.unexpected, key) && !(policy.replaceClassifier && strings.HasPrefix(key, m.spec.Classifier+".")) {
			e.Unexpected = append(e.Unexpected, key)
		}
	}
	return read, e
}

func matchAny(globs []string, key string) bool {
	return slices.ContainsFunc(globs, func(glob string) bool {
		match, err := names.Glob(glob)
		return err == nil && match(key)
	})
}

// read makes a new state of the checkpoint's values and, where it has none,
// the present ones.
func (m *Model) read(sd *weights.StateDict, list []parameter) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := m.open(); err != nil {
		return err
	}
	params, err := m.readAll(sd, list)
	if err != nil {
		return errors.WithMessage(err, sourceName(sd))
	}
	if old := m.state.Load(); old != nil {
		for _, p := range m.parameters() {
			if params[p.key] == nil {
				params[p.key] = old.params.Get(p.key)
			}
		}
	}
	if err := m.initialise(params); err != nil {
		return err
	}
	m.state.Store(&state{params: engine.NewParams(params)})
	return nil
}

// readAll reads parameters, several at a time: a checkpoint's checksum takes
// as long as its reading.
func (m *Model) readAll(sd *weights.StateDict, list []parameter) (map[string][]float32, error) {
	data, errs := make([][]float32, len(list)), make([]error, len(list))
	parallel.Do(m.spec.Threads, len(list), func(tasks iter.Seq[int]) {
		for i := range tasks {
			t, _ := sd.Get(list[i].key)
			data[i] = make([]float32, list[i].param.Shape.Elems())
			errs[i] = t.ReadFloat32(data[i])
		}
	})
	params := make(map[string][]float32, len(list))
	for i, p := range list {
		if errs[i] != nil {
			return nil, errs[i]
		}
		params[p.key] = data[i]
	}
	return params, nil
}

func tensorOf(data []float32, shape graph.Shape) (*ops.Tensor, error) {
	return ops.FromSlice(data, shape...)
}
