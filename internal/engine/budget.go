package engine

import (
	"container/list"
	"context"
	"sync"
)

// Budget is the threads that concurrent runs share. Callers beyond what these
// can serve wait in line: each run that began would need an arena of its own and
// push the others' maps and weights out of the caches. A nil one is no bound.
type Budget struct {
	mu   sync.Mutex
	free int
	line list.List // of *turn
}

// turn is a run that waits.
type turn struct {
	least, most int
	got         chan int // has room for what it is given
}

// NewBudget is a budget of n threads.
func NewBudget(n int) *Budget { return &Budget{free: n} }

// take waits for its turn and gets from least to most threads, as many as are
// free; or none and the context's error when that ends first.
func (b *Budget) take(ctx context.Context, least, most int) (int, error) {
	if b == nil {
		return most, nil
	}
	b.mu.Lock()
	if b.line.Len() == 0 && b.free >= least {
		n := min(b.free, most)
		b.free -= n
		b.mu.Unlock()
		return n, nil
	}
	t := &turn{least, most, make(chan int, 1)}
	place := b.line.PushBack(t)
	b.mu.Unlock()
	select {
	case n := <-t.got:
		return n, nil
	case <-ctx.Done():
		b.leave(place)
		return 0, ctx.Err()
	}
}

// leave takes a run out of the line that does not want to wait any longer.
func (b *Budget) leave(place *list.Element) {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case n := <-place.Value.(*turn).got:
		b.free += n // its turn had just come
	default:
		b.line.Remove(place)
	}
	b.next()
}

// give returns threads.
func (b *Budget) give(n int) {
	if b == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.free += n
	b.next()
}

// next serves those at the front of the line for whom there are threads.
func (b *Budget) next() {
	for front := b.line.Front(); front != nil; front = b.line.Front() {
		t := front.Value.(*turn)
		if b.free < t.least {
			return
		}
		b.line.Remove(front)
		n := min(b.free, t.most)
		b.free -= n
		t.got <- n
	}
}
