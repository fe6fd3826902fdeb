package model

import "github.com/pkg/errors"

// ErrClosed is wrapped by the error of a call that needs the weights of a
// model that was closed.
var ErrClosed = errors.New("network closed")

// Close lets go of the weights, the plans, their memory and the hooks. Runs
// under way keep what they began with and return their results; Close does not
// wait for them, so that a hook may call it. Later calls that need the weights
// fail with an error that wraps ErrClosed. Closing twice is allowed.
func (m *Model) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = true
	m.state.Store(nil)
	m.hooks.clear()
	return nil
}

// open reports a model that was closed. Callers hold m.mu.
func (m *Model) open() error {
	if m.closed {
		return errors.Wrap(ErrClosed, "Close was called before: make a new network to go on")
	}
	return nil
}
