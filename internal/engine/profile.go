package engine

import (
	"context"
	"slices"
	"time"

	"github.com/vertebra-vision/vertebra/internal/graph"
)

// StepProfile is how long one step of a plan takes.
type StepProfile struct {
	// Node is the step's first node, Fused what was folded into it.
	Node   string
	Fused  []string
	Kernel string
	Shape  graph.Shape
	MACs   int64
	// Time is the median over the runs.
	Time time.Duration
}

// Profile runs the plan several times and measures each step. Its taps are
// not called.
func (p *Plan) Profile(ctx context.Context, in []float32, out [][]float32, runs int) ([]StepProfile, error) {
	s := p.sessions.borrow(p)
	defer p.sessions.give(s)
	s.attach(in, out)
	defer s.detach()
	s.crew.start(p.workers-1, ctx.Done())
	defer s.crew.stop()
	times := make([][]time.Duration, len(p.steps))
	for range max(1, runs) {
		for i := range p.steps {
			start := time.Now()
			if err := p.step(ctx, s, i, nil); err != nil {
				return nil, err
			}
			times[i] = append(times[i], time.Since(start))
		}
	}
	list := make([]StepProfile, len(p.steps))
	for i, st := range p.steps {
		slices.Sort(times[i])
		list[i] = StepProfile{
			Node: st.unit.node.Name, Kernel: st.kernel.Name(), Shape: st.unit.out.shape,
			MACs: st.macs, Time: times[i][len(times[i])/2],
		}
		for _, n := range st.unit.fused {
			list[i].Fused = append(list[i].Fused, n.Name)
		}
	}
	return list, nil
}
