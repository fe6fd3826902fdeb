package backbone

import (
	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/model"
)

// Activation is the value that a hook sees, NCHW, valid during the call.
type Activation = model.Activation

// HookFunc is called with an activation during a run, on the goroutine that
// called Forward, Features or Run. Its error stops the run and is returned
// from it with the node's name.
type HookFunc = model.HookFunc

// Hook is a registration; Remove ends it.
type Hook = model.Hook

// Hook calls fn with the output of every module or function that the pattern
// matches, as register_forward_hook does: a name in any spelling, or a glob. A
// module that is called several times, as layer1.0.relu is, calls the hook each
// time; its calls have names of their own (layer1.0.relu_1). A container
// (layer3, layer3.0) stands for its output.
//
// In a glob * and ? do not cross a dot, and ** does: layer3.*.conv2 is that
// convolution of every block, layer4.** is layer4 and everything below it,
// **.conv2 every conv2 at any depth, ** everything; layer[34] is either.
//
// fn may replace the value. Hooks of one place run in order of registration,
// each on what the one before left. A hook on a value that a run does not
// need is not called in it. Hooks may be added and removed beside runs; a run
// keeps to those it began with. Errors about the pattern wrap [ErrNode].
func (n *Network) Hook(pattern string, fn HookFunc) (*Hook, error) {
	return n.addHook(pattern, false, fn)
}

// PreHook calls fn with the input of what the pattern matches, as
// register_forward_pre_hook does. A replacement changes what that module
// reads and nothing else: one on layer3.0.conv1 leaves the block's shortcut
// as it was, one on layer3.0 changes both.
func (n *Network) PreHook(pattern string, fn HookFunc) (*Hook, error) {
	return n.addHook(pattern, true, fn)
}

func (n *Network) addHook(pattern string, pre bool, fn HookFunc) (*Hook, error) {
	h, err := n.model.AddHook(pattern, pre, fn)
	return h, errors.WithMessage(err, n.config.Name)
}
