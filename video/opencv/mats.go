//go:build cgo

package opencv

import (
	"sync"

	"gocv.io/x/gocv"
)

// maxFree is how many Mats wait to be used again.
const maxFree = 8

// mats lends Mats, whose memory OpenCV uses again for frames of the same size,
// and closes each exactly once.
type mats struct {
	mu     sync.Mutex
	free   []*gocv.Mat
	closed bool
}

func (p *mats) get() *gocv.Mat {
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.free); n > 0 {
		m := p.free[n-1]
		p.free = p.free[:n-1]
		return m
	}
	m := gocv.NewMat()
	return &m
}

// put takes a Mat back. After close, and where enough are waiting, it is
// closed.
func (p *mats) put(m *gocv.Mat) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.free) >= maxFree {
		_ = m.Close()
		return
	}
	p.free = append(p.free, m)
}

// close closes the Mats that wait; those that are lent are closed when they
// come back.
func (p *mats) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, m := range p.free {
		_ = m.Close()
	}
	p.free = nil
}
