package engine

import (
	"context"
	"slices"
	"sync/atomic"
	"time"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/kernel"
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
	r, err := p.begin(ctx, p.workers, in, out)
	if err != nil {
		return nil, err
	}
	defer r.end()
	leaves := p.leaves()
	times := make([][]time.Duration, len(leaves))
	for range max(1, runs) {
		at := 0
		for i := range p.steps {
			took, err := p.timeStep(ctx, r.session, i)
			if err != nil {
				return nil, err
			}
			for _, d := range took {
				times[at] = append(times[at], d)
				at++
			}
		}
	}
	list := make([]StepProfile, len(leaves))
	for i, st := range leaves {
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

// timeStep runs a step and tells how long it took: of a section, how long each
// of its steps would have taken had all workers shared it.
func (p *Plan) timeStep(ctx context.Context, s *session, i int) ([]time.Duration, error) {
	start := time.Now()
	sec, ok := p.steps[i].kernel.(*section)
	if !ok {
		s.crew.do(p.steps[i].kernel, &s.args[i], s.scratch[i])
		return []time.Duration{time.Since(start)}, ctx.Err()
	}
	t := &timed{section: sec, took: make([]atomic.Int64, len(sec.steps))}
	s.crew.do(t, &s.args[i], s.scratch[i])
	wall := time.Since(start)
	list, sum := make([]time.Duration, len(t.took)), 0.0
	for j := range t.took {
		sum += float64(t.took[j].Load())
	}
	for j := range list {
		list[j] = time.Duration(float64(t.took[j].Load()) / sum * float64(wall))
	}
	return list, ctx.Err()
}

// timed is a section that measures its steps.
type timed struct {
	*section
	took []atomic.Int64 // nanoseconds, of all workers together
}

// Do computes a round.
func (t *timed) Do(a *kernel.Args, round int, scratch []float32) {
	t.run(a, round, scratch, func(step int, d time.Duration) { t.took[step].Add(int64(d)) })
}
