package engine

import (
	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// session is the memory of one run: an arena, and every step's buffers cut
// from it beforehand.
type session struct {
	crew    *crew
	args    []kernel.Args
	scratch [][]float32 // by step, all workers'
	// external are the buffers that each run brings: the input and outputs.
	external []external
	// execution is the run under way.
	execution execution
}

// external is a buffer of a step that lies with the caller.
type external struct {
	slot  *[]float32
	place place
}

func newSession(p *Plan) *session {
	arena := kernel.Aligned(p.arena)
	s := &session{crew: newCrew(p.workers), args: make([]kernel.Args, len(p.steps)), scratch: make([][]float32, len(p.steps))}
	for i := range p.steps {
		st, a := &p.steps[i], &s.args[i]
		a.In = make([][]float32, len(st.in))
		for j, in := range st.in {
			s.cut(&a.In[j], in, arena)
		}
		s.cut(&a.Out, st.out, arena)
		s.cut(&s.scratch[i], st.scratch, arena)
	}
	return s
}

func (s *session) cut(slot *[]float32, p place, arena []float32) {
	if p.kind == inArena {
		*slot = arena[p.at : p.at+p.size : p.at+p.size]
		return
	}
	s.external = append(s.external, external{slot, p})
}

// attach points the steps at the caller's buffers; detach lets go of them, so
// that an idle session keeps nothing of the caller's alive.
func (s *session) attach(in []float32, out [][]float32, done <-chan struct{}) {
	for i := range s.args {
		s.args[i].Done = done
	}
	for _, e := range s.external {
		if e.place.kind == isCallersInput {
			*e.slot = in
		} else {
			*e.slot = out[e.place.at]
		}
	}
}

func (s *session) detach() {
	for i := range s.args {
		s.args[i].Done = nil
	}
	for _, e := range s.external {
		*e.slot = nil
	}
}

// maxIdleSessions bounds what a burst of concurrent runs leaves behind.
const maxIdleSessions = 4

// borrow takes an idle session, or makes one.
func (p *Plan) borrow() *session {
	if s := p.sessions.take(); s != nil {
		return s
	}
	return newSession(p)
}

func (p *Plan) give(s *session) { p.sessions.keep(s, maxIdleSessions) }
