package detect

import (
	"sync"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
)

// life counts the detections under way: one runs its network several times,
// which must not be closed between.
type life struct {
	mu      sync.Mutex
	running int
	closed  bool
}

// Close lets go of the weights, the plans and their memory, as
// [backbone.Network.Close] does. Detections under way return their results;
// Close does not wait for them. Later ones fail with an error that wraps
// [backbone.ErrClosed].
func (d *Detector) Close() error {
	d.life.mu.Lock()
	defer d.life.mu.Unlock()
	d.life.closed = true
	if d.life.running > 0 {
		return nil // the last detection closes the network
	}
	return d.net.Close()
}

// begin counts a detection, until end is called.
func (d *Detector) begin() error {
	d.life.mu.Lock()
	defer d.life.mu.Unlock()
	if d.life.closed {
		return errors.Wrapf(backbone.ErrClosed, "%s: Close was called before: make a new detector to go on", d.kind)
	}
	d.life.running++
	return nil
}

func (d *Detector) end() {
	d.life.mu.Lock()
	defer d.life.mu.Unlock()
	d.life.running--
	if d.life.closed && d.life.running == 0 {
		_ = d.net.Close() // never fails
	}
}
