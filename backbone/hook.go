package backbone

import (
	"context"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/model"
	"github.com/vertebra-vision/vertebra/ops"
)

// Activation is the value that a hook sees.
type Activation struct {
	// Name is the module or function whose output it is, or whose input in a
	// pre-hook: layer1.0.relu, layer3.
	Name string
	// Node is the node's name, which tells calls of one module apart:
	// layer1.0.relu_1. For a container it is the container's name.
	Node string
	// Input tells which input a pre-hook sees, where there are several: the
	// addition of a block has 0 and 1.
	Input int
	// Tensor is the value, N×C×H×W, or N×F behind the classifier. It is valid
	// during the call and must not be changed; Clone keeps it, Replace replaces
	// it.
	Tensor *ops.Tensor

	activation *model.Activation
}

// Replace makes what follows compute from t instead. t must have the same
// shape; it is copied when the hook returns. The error wraps ops.ErrShape.
func (a *Activation) Replace(t *ops.Tensor) error { return a.activation.Replace(t) }

// HookFunc is called with an activation during a run, on the goroutine that
// called Forward, Features or Run. The context is theirs. Its error stops the
// run and is returned from it with the node's name.
type HookFunc func(ctx context.Context, a *Activation) error

// Hook is a registration. It lasts until Remove, or the network's Close.
type Hook struct{ hook *model.Hook }

// Remove takes the hook away. Runs under way still call it. Removing twice is
// allowed.
func (h *Hook) Remove() { h.hook.Remove() }

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
	h, err := n.model.AddHook(pattern, pre, fn.model())
	if err != nil {
		return nil, errors.WithMessage(err, n.config.Name)
	}
	return &Hook{h}, nil
}

// model is the function as package model calls it; nil for nil.
func (fn HookFunc) model() model.HookFunc {
	if fn == nil {
		return nil
	}
	return func(ctx context.Context, a *model.Activation) error {
		return fn(ctx, &Activation{a.Name, a.Node, a.Input, a.Tensor, a})
	}
}
