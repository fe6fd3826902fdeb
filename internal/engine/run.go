package engine

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/kernel"
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
	s := p.sessions.borrow(p)
	defer p.sessions.give(s)
	s.attach(in, out)
	defer s.detach()
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
	t := team{step: st, args: &s.args[i], scratch: s.scratch[i], done: ctx.Done()}
	t.run(p.workers)
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

// team is the workers that share the tasks of one step.
type team struct {
	step    *step
	args    *kernel.Args
	scratch []float32
	done    <-chan struct{}
	next    atomic.Int64
	wg      sync.WaitGroup
}

func (t *team) run(workers int) {
	workers = min(workers, t.step.kernel.Tasks())
	t.wg.Add(workers)
	for w := 1; w < workers; w++ {
		go t.work(w)
	}
	t.work(0)
	t.wg.Wait()
}

// work does tasks until there are none or the context is done.
func (t *team) work(worker int) {
	defer t.wg.Done()
	k := t.step.kernel
	size := align(k.Scratch())
	scratch := t.scratch[worker*size : (worker+1)*size]
	for tasks := int64(k.Tasks()); ; {
		task := t.next.Add(1) - 1
		if task >= tasks || t.cancelled() {
			return
		}
		k.Do(t.args, int(task), scratch)
	}
}

func (t *team) cancelled() bool {
	select {
	case <-t.done:
		return true
	default:
		return false
	}
}
