package engine

import (
	"math"
	"slices"
	"time"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// section is the kernel of units that are computed in rounds. Each task is a
// round: its worker runs all of the units, and keeps the values that only
// they see in its scratch.
type section struct {
	rounds  rounds
	steps   []step
	arena   int // floats of a round's values and scratch
	runners idle[runner]
}

// newSection binds the units of a section to their kernels. Its Args.In are
// the values of shared.
func newSection(u *unit, kernels []kernel.Kernel) *section {
	s := &section{rounds: *u.rounds}
	scratch := make([]int, len(u.inner))
	for i, k := range kernels {
		scratch[i] = align(k.Scratch())
	}
	l := planMemory(u.inner, scratch, func(v *value) bool { return v.images > 0 })
	s.arena = l.size
	at := map[*value]int{}
	for i, v := range u.shared() {
		at[v] = i
	}
	find := func(v *value) place {
		if i, ok := at[v]; ok {
			return place{kind: isShared, at: i, size: v.floats() / s.rounds.count}
		}
		return l.place(v)
	}
	for i, inner := range u.inner {
		s.steps = append(s.steps, newStep(inner, kernels[i], find, l.scratch[i]))
	}
	return s
}

// shared lists the values that a section's units have in common with the rest
// of the plan: those they read, and those they make.
func (u *unit) shared() []*value { return slices.Concat(u.inputs, u.made) }

func (s *section) Name() string { return "rounds" }
func (s *section) Tasks() int   { return s.rounds.count }
func (s *section) Scratch() int { return s.arena }

// Do computes a round.
func (s *section) Do(a *kernel.Args, round int, scratch []float32) {
	s.run(a, round, scratch, nil)
}

// run computes a round and tells how long each step took.
func (s *section) run(a *kernel.Args, round int, scratch []float32, took func(step int, d time.Duration)) {
	r := s.runners.take()
	if r == nil {
		r = new(runner)
	}
	defer s.runners.keep(r, math.MaxInt)
	defer r.forget()
	for i := range s.steps {
		start := time.Time{}
		if took != nil {
			start = time.Now()
		}
		if !r.step(&s.steps[i], a, round, scratch) {
			return
		}
		if took != nil {
			took(i, time.Since(start))
		}
	}
}

// runner holds the arguments of the step that a worker is at, so that a round
// allocates nothing.
type runner struct {
	args kernel.Args
	in   [][]float32
}

// step computes one step of a round; false if the run was cancelled.
func (r *runner) step(st *step, a *kernel.Args, round int, scratch []float32) bool {
	r.in = r.in[:0]
	for _, p := range st.in {
		r.in = append(r.in, p.ofRound(a, round, scratch))
	}
	r.args.In, r.args.Out = r.in, st.out.ofRound(a, round, scratch)
	own := scratch[st.scratch.at:][:st.scratch.size]
	for task := range st.kernel.Tasks() {
		if a.Cancelled() {
			return false
		}
		st.kernel.Do(&r.args, task, own)
	}
	return true
}

// forget lets go of the caller's memory.
func (r *runner) forget() {
	clear(r.in)
	r.args = kernel.Args{}
}

// ofRound is the memory of a value in a round.
func (p place) ofRound(a *kernel.Args, round int, scratch []float32) []float32 {
	if p.kind == isShared {
		return a.In[p.at][round*p.size:][:p.size]
	}
	return scratch[p.at:][:p.size]
}
