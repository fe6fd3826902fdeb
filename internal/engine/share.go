package engine

import "sync/atomic"

// share is the tasks of a step that a worker has left. Tasks follow each other
// through a map, so that the same share of the next step reads what this one
// wrote: from the worker's own caches, where those of another may be far. Who has
// none left takes from the end of another's share.
type share struct {
	span atomic.Uint64 // the first task, and 32 bits higher that after the last
	_    [56]byte      // a cache line for each worker
}

func (s *share) set(from, to int) { s.span.Store(uint64(to)<<32 | uint64(from)) }

// take takes a task from the front, or the end; false if there is none.
func (s *share) take(last bool) (task int, ok bool) {
	for {
		span := s.span.Load()
		from, to := uint32(span), uint32(span>>32)
		if from >= to {
			return 0, false
		}
		task, rest := int(from), span+1
		if last {
			task, rest = int(to-1), span-1<<32
		}
		if s.span.CompareAndSwap(span, rest) {
			return task, true
		}
	}
}
