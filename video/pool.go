package video

import "sync"

// pixels lends memory for frames. Memory of another size than the last is left
// to the garbage collector.
type pixels struct{ pool sync.Pool }

// frame makes a frame whose memory comes back when it is closed.
func (p *pixels) frame(width, height int, order Order) (*Frame, error) {
	size := 3 * width * height
	buf, _ := p.pool.Get().(*[]uint8)
	if buf == nil || len(*buf) != size {
		fresh := make([]uint8, size)
		buf = &fresh
	}
	return NewFrame(width, height, 3*width, order, *buf, func() { p.pool.Put(buf) })
}
