package model

import (
	"context"

	"github.com/vertebra-vision/vertebra/internal/engine"
	"github.com/vertebra-vision/vertebra/internal/graph"
)

// Tune measures the algorithms for what Run would compute from an input of the
// given shape, and writes the choices to the file of Options.Tuning, if it has
// one. Plans made before are let go of.
func (m *Model) Tune(ctx context.Context, input graph.Shape, nodes []*graph.Node, report func(engine.Measurement)) error {
	s, err := m.ready()
	if err != nil {
		return err
	}
	before := m.spec.Tuning.Generation()
	err = engine.Tune(ctx, m.spec.Graph, s.params, input, nodes, m.hooks.snapshot().taps, m.engineOptions(), report)
	if m.spec.Tuning.Generation() == before {
		return err
	}
	s.plans.clear()
	if failed := m.spec.Tuning.Save(); err == nil { // what was measured before an error is worth keeping
		err = failed
	}
	return err
}
