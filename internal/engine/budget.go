package engine

import "sync/atomic"

// Budget is the helpers that concurrent runs share, so that many callers do
// not put more goroutines to work than there are processors: each brings its
// own, and gets what helpers are free.
type Budget struct{ free atomic.Int64 }

// NewBudget is a budget of n helpers.
func NewBudget(n int) *Budget {
	b := &Budget{}
	b.free.Store(int64(n))
	return b
}

// take gets up to n helpers.
func (b *Budget) take(n int) int {
	if b == nil {
		return n
	}
	for {
		free := b.free.Load()
		got := min(int64(n), free)
		if b.free.CompareAndSwap(free, free-got) {
			return int(got)
		}
	}
}

func (b *Budget) give(n int) {
	if b != nil {
		b.free.Add(int64(n))
	}
}
