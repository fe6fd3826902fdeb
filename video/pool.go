package video

import (
	"sync"

	"github.com/vertebra-vision/vertebra/ops/transform"
)

// pixels lends memory for frames. Memory that is too small for the next one is
// left to the garbage collector.
type pixels struct{ pool sync.Pool }

// frame makes a frame whose memory comes back when it is closed.
func (p *pixels) frame(width, height int, order Order) (*Frame, error) {
	return p.wrap(width, height, order, p.take(3*width*height))
}

// load makes a frame of a picture's file.
func (p *pixels) load(path string) (*Frame, error) {
	m, err := transform.LoadWith(path, transform.WithMemory(p.take))
	if err != nil {
		return nil, err
	}
	return p.wrap(m.Width, m.Height, RGB, m.Pix)
}

// decode makes a frame of a stream's picture, whose damage is an error: half a
// picture is worse than the next one.
func (p *pixels) decode(data []byte) (*Frame, error) {
	m, err := transform.DecodeBytes(data, transform.WithMemory(p.take))
	if err != nil {
		return nil, err
	}
	if m.Damage != nil {
		p.pool.Put(&m.Pix)
		return nil, m.Damage
	}
	return p.wrap(m.Width, m.Height, RGB, m.Pix)
}

// take lends memory of a size, with whatever is in it.
func (p *pixels) take(size int) []uint8 {
	if buf, ok := p.pool.Get().(*[]uint8); ok && cap(*buf) >= size {
		return (*buf)[:size]
	}
	return make([]uint8, size)
}

// wrap makes a frame of memory that comes back when the frame is closed.
func (p *pixels) wrap(width, height int, order Order, pix []uint8) (*Frame, error) {
	return NewFrame(width, height, 3*width, order, pix, func() { p.pool.Put(&pix) })
}
