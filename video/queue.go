package video

import (
	"context"
	"sync"
)

// Policy says what a full queue of a live source does.
type Policy string

const (
	// Block waits: no frame is lost here, though a camera's driver may lose
	// some. Files always block. The default.
	Block Policy = "block"
	// DropOldest drops the oldest waiting frame.
	DropOldest Policy = "drop-oldest"
	// Latest drops all waiting frames: the next frame is always the newest.
	Latest Policy = "latest"
)

// queue is bounded, of one producer and one consumer.
type queue[T any] struct {
	mu     sync.Mutex
	items  []T
	closed bool
	lost   int64

	depth  int
	policy Policy
	drop   func(T)       // called with what is dropped
	space  chan struct{} // holds a token after room was made
	ready  chan struct{} // holds a token after something came; queues may share it
}

func newQueue[T any](depth int, policy Policy, ready chan struct{}, drop func(T)) *queue[T] {
	if ready == nil {
		ready = make(chan struct{}, 1)
	}
	return &queue[T]{depth: depth, policy: policy, drop: drop, space: make(chan struct{}, 1), ready: ready}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// push adds x, which it owns from then on. Where it must wait and the context
// ends, it drops x.
func (q *queue[T]) push(ctx context.Context, x T) error {
	for {
		if q.tryPush(x) {
			signal(q.ready)
			return nil
		}
		select {
		case <-q.space:
		case <-ctx.Done():
			q.drop(x)
			return ctx.Err()
		}
	}
}

func (q *queue[T]) tryPush(x T) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) >= q.depth || q.policy == Latest {
		n := 0
		switch q.policy {
		case Latest:
			n = len(q.items)
		case DropOldest:
			n = len(q.items) - q.depth + 1
		default:
			return false
		}
		for _, old := range q.items[:n] {
			q.drop(old)
		}
		q.lost += int64(n)
		q.shift(n)
	}
	q.items = append(q.items, x)
	return true
}

// shift forgets the first n items and keeps the memory.
func (q *queue[T]) shift(n int) {
	rest := copy(q.items, q.items[n:])
	clear(q.items[rest:])
	q.items = q.items[:rest]
}

// tryPop takes the oldest item if the queue has one that is wanted. open is
// false after the last.
func (q *queue[T]) tryPop(wanted func(T) bool) (x T, took, open bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.items) == 0 {
		return x, false, !q.closed
	}
	if x = q.items[0]; wanted != nil && !wanted(x) {
		return x, false, true
	}
	q.shift(1)
	signal(q.space)
	return x, true, true
}

// pop waits for an item. It reports false after the last and when the context
// ends.
func (q *queue[T]) pop(ctx context.Context) (T, bool) {
	for ctx.Err() == nil {
		x, took, open := q.tryPop(nil)
		if took || !open {
			return x, took
		}
		select {
		case <-q.ready:
		case <-ctx.Done():
		}
	}
	var none T
	return none, false
}

// close ends the queue; what is in it can still be taken.
func (q *queue[T]) close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	signal(q.ready)
}

// empty drops what is left, after the producer and the consumer have ended.
func (q *queue[T]) empty() {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, x := range q.items {
		q.drop(x)
	}
	q.shift(len(q.items))
}

func (q *queue[T]) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.items)
}

func (q *queue[T]) dropped() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.lost
}
