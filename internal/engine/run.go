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
// is cancelled, and with a tap's error when that returns one. Runs that share a
// budget begin in the order in which they came.
func (p *Plan) Run(ctx context.Context, in []float32, out [][]float32, tap TapFunc) error {
	if len(in) != p.input.Elems() || len(out) != len(p.outputs) {
		return errors.Wrapf(graph.ErrShape, "plan for %v and %d outputs got %d values and %d outputs", p.input, len(p.outputs), len(in), len(out))
	}
	r, err := p.begin(ctx, 1, in, out)
	if err != nil {
		return err
	}
	defer r.end()
	for i := range p.steps {
		if err := ctx.Err(); err != nil {
			return err
		}
		r.crew.do(p.steps[i].kernel, &r.args[i], r.scratch[i])
		if p.steps[i].unit.tap < 0 || tap == nil || ctx.Err() != nil {
			continue
		}
		if err := r.call(ctx, i, tap); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// execution is a plan under way.
type execution struct {
	*session
	plan    *Plan
	threads int // that it has of the budget
}

// begin waits for threads, at least so many, and gets a session ready.
func (p *Plan) begin(ctx context.Context, least int, in []float32, out [][]float32) (*execution, error) {
	threads, err := p.budget.take(ctx, least, p.workers)
	if err != nil {
		return nil, err
	}
	s := p.borrow()
	s.attach(in, out, ctx.Done())
	s.crew.start(threads - 1)
	s.execution = execution{session: s, plan: p, threads: threads}
	return &s.execution, nil
}

func (r *execution) end() {
	p, threads := r.plan, r.threads
	r.crew.stop()
	r.detach()
	p.give(r.session) // whoever borrows it begins anew in r
	p.budget.give(threads)
}

// call hands a step's value to the tap and takes its replacement. The tap may take
// long, or run the same model: others have the threads meanwhile.
func (r *execution) call(ctx context.Context, i int, tap TapFunc) error {
	threads := r.threads
	r.threads = 0
	r.plan.budget.give(threads)
	unit := r.plan.steps[i].unit
	v := Value{Shape: unit.out.shape, Data: r.args[i].Out}
	replacement, err := tap(ctx, unit.tap, v)
	if err != nil {
		return err
	}
	if replacement != nil {
		copy(v.Data, replacement)
	}
	r.threads, err = r.plan.budget.take(ctx, threads, threads)
	return err
}
