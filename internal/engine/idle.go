package engine

import "sync"

// idle keeps what nobody uses at the moment. Unlike sync.Pool it forgets
// nothing.
type idle[T any] struct {
	mu   sync.Mutex
	list []*T
}

// take removes one; nil if there is none.
func (p *idle[T]) take() *T {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.list)
	if n == 0 {
		return nil
	}
	x := p.list[n-1]
	p.list = p.list[:n-1]
	return x
}

// keep adds one, unless there are as many as the most.
func (p *idle[T]) keep(x *T, most int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.list) < most {
		p.list = append(p.list, x)
	}
}

// len is how many there are.
func (p *idle[T]) len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.list)
}
