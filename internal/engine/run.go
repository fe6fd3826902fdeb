package engine

import (
	"context"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/graph"
)

// TapFunc is called at each tap with the value there, which it may read
// during the call. A non-nil result of the same length replaces the value.
type TapFunc func(ctx context.Context, tap int, v Value) ([]float32, error)

// Run computes the plan's outputs into out, which has a slice of the right
// length for each. It stops with the context's error soon after the context
// is cancelled, and with a tap's error when that returns one.
func (p *Plan) Run(ctx context.Context, in []float32, out [][]float32, tap TapFunc) error {
	if len(in) != p.input.Elems() || len(out) != len(p.outputs) {
		return errors.Wrapf(graph.ErrShape, "plan for %v and %d outputs got %d values and %d outputs", p.input, len(p.outputs), len(in), len(out))
	}
	s := p.borrow()
	defer p.give(s)
	s.attach(in, out, ctx.Done())
	defer s.detach()
	helpers := p.budget.take(p.workers - 1)
	defer p.budget.give(helpers)
	s.crew.start(helpers)
	defer s.crew.stop()
	for i := range p.steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := p.step(ctx, s, i, tap); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func (p *Plan) step(ctx context.Context, s *session, i int, tap TapFunc) error {
	st := &p.steps[i]
	s.crew.do(st.kernel, &s.args[i], s.scratch[i])
	if st.unit.tap < 0 || tap == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	v := Value{Shape: st.unit.out.shape, Data: s.args[i].Out}
	replacement, err := tap(ctx, st.unit.tap, v)
	if err != nil {
		return err
	}
	if replacement != nil {
		copy(v.Data, replacement)
	}
	return nil
}
