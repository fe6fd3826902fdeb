package model

import (
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/engine"
	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/parallel"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// LoadOption changes what Load accepts.
type LoadOption func(*loadPolicy)

type loadPolicy struct {
	missing, unexpected []string // globs that are allowed
	replaceClassifier   bool
	adaptStem           bool
}

// AllowMissing keeps the present values of parameters that match one of the
// globs and that the checkpoint lacks. In globs, * does not cross a dot and a
// trailing ** matches the rest of a name; no glob at all allows everything.
func AllowMissing(globs ...string) LoadOption {
	return func(p *loadPolicy) { p.missing = append(p.missing, orAll(globs)...) }
}

// IgnoreUnexpected skips what the checkpoint has beyond the model, where it
// matches one of the globs; no glob allows everything.
func IgnoreUnexpected(globs ...string) LoadOption {
	return func(p *loadPolicy) { p.unexpected = append(p.unexpected, orAll(globs)...) }
}

// AdaptInputChannels makes a stem for other inputs of one for images of three
// channels.
func AdaptInputChannels() LoadOption {
	return func(p *loadPolicy) { p.adaptStem = true }
}

// ReplaceClassifier keeps the model's own classifier weights, whatever the
// checkpoint has there: to start from a checkpoint with other classes.
func ReplaceClassifier() LoadOption {
	return func(p *loadPolicy) { p.replaceClassifier = true }
}

func orAll(globs []string) []string {
	if len(globs) == 0 {
		return []string{"**"}
	}
	return globs
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
		disagreement.Under, disagreement.Prefix = canonical.Under(), canonical.Prefix()
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
	known, skipped := map[string]bool{}, map[string]string{}
	for _, s := range sd.Skipped() {
		skipped[s.Name] = s.Why
	}
	for _, p := range m.parameters() {
		known[p.key] = true
		if policy.replaceClassifier && strings.HasPrefix(p.key, m.spec.Classifier+".") {
			continue
		}
		t, ok := sd.Get(p.key)
		switch {
		case !ok && !matchAny(policy.missing, p.key):
			why := skipped[p.key]
			if why != "" {
				why = " (the checkpoint has it as " + why + ")"
			}
			e.Missing = append(e.Missing, fmt.Sprintf("%s %v%s", p.key, p.param.Shape, why))
		case ok && p.key == m.spec.Stem && adaptable(t.Shape(), p.param.Shape):
			if p.from = t.Shape(); policy.adaptStem {
				read = append(read, p)
				continue
			}
			e.Hint = fmt.Sprintf("the checkpoint's stem reads %d channels and the model's %d: the option AdaptInputChannels converts it (adapt_input_channels in YAML)", p.from[1], p.param.Shape[1])
			fallthrough
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
		if prefix, ok := strings.CutSuffix(glob, "**"); ok {
			return strings.HasPrefix(key, prefix)
		}
		return matchName(glob, key)
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
			data[i], errs[i] = list[i].read(t)
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

// read reads a parameter's values, which the stem's may have to be made from
// those for other channels.
func (p *parameter) read(t *weights.Tensor) ([]float32, error) {
	if p.from == nil {
		data := make([]float32, p.param.Shape.Elems())
		return data, t.ReadFloat32(data)
	}
	data, err := t.Float32s()
	if err != nil {
		return nil, err
	}
	return adaptStem(data, p.from, p.param.Shape[1]), nil
}

func tensorOf(data []float32, shape graph.Shape) (*ops.Tensor, error) {
	return ops.FromSlice(data, shape...)
}
