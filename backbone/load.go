package backbone

import (
	"github.com/vertebra-vision/vertebra/internal/model"
	"github.com/vertebra-vision/vertebra/weights"
)

// LoadOption changes what Load accepts.
type LoadOption func(*loading)

type loading struct{ options []model.LoadOption }

// AllowMissing keeps the present values of parameters that match one of the
// globs and that the checkpoint lacks: "layer4.*.conv1.weight", "fc.**". No
// glob allows everything.
func AllowMissing(globs ...string) LoadOption { return loadOption(model.AllowMissing(globs...)) }

// IgnoreUnexpected skips what the checkpoint has beyond the network, where it
// matches one of the globs: "fc.**". No glob allows everything.
func IgnoreUnexpected(globs ...string) LoadOption {
	return loadOption(model.IgnoreUnexpected(globs...))
}

// ReplaceClassifier keeps the network's own classifier weights whatever the
// checkpoint has there, for another number of classes.
func ReplaceClassifier() LoadOption { return loadOption(model.ReplaceClassifier()) }

// AdaptInputChannels converts the stem of a checkpoint for images of three
// channels to Config.InChannels, by timm's rule: its weights are summed over the
// channels for one, and repeated and scaled by 3/n for n.
func AdaptInputChannels() LoadOption { return loadOption(model.AdaptInputChannels()) }

func loadOption(o model.LoadOption) LoadOption {
	return func(l *loading) { l.options = append(l.options, o) }
}

// LoadError says everything in which a checkpoint and a network disagree. It
// wraps weights.ErrWeights; errors.As finds it in the error of every Load.
type LoadError struct {
	// Source is the checkpoint's file.
	Source string
	// Under are the keys under which the file has the tensors, where it has more
	// than them: state_dict.
	Under string
	// Prefix is what was taken off the tensors' own keys.
	Prefix string
	// Scheme is the naming that was recognised, see [weights.Scheme].
	Scheme string
	// Missing are the keys that the checkpoint lacks, with their shapes.
	Missing []string
	// Unexpected are the keys that the network lacks.
	Unexpected []string
	// Misshapen are keys with both shapes: "fc.weight: checkpoint 10x512, model
	// 1000x512".
	Misshapen []string
	// Hint is what to change, where that is known.
	Hint string
}

// Error is one line: how many keys of each kind, and the first ones.
func (e *LoadError) Error() string { return (*model.LoadError)(e).Error() }

// Details is all of it, a line each: what does not fit in general, every key with
// what is wrong with it, and what to change.
func (e *LoadError) Details() []string { return (*model.LoadError)(e).Details() }

// Unwrap gives weights.ErrWeights.
func (e *LoadError) Unwrap() error { return (*model.LoadError)(e).Unwrap() }

// Load takes the weights from a checkpoint. Its keys may follow torchvision,
// timm, detectron2 and other schemes, see [weights.Canonical]. Loading is
// strict: anything missing, unexpected or misshapen, all of it at once, is a
// [*LoadError], and the network keeps the weights it had.
func (n *Network) Load(sd *weights.StateDict, opts ...LoadOption) error {
	var l loading
	for _, o := range opts {
		o(&l)
	}
	err := n.model.Load(sd, l.options...)
	if e, ok := err.(*model.LoadError); ok {
		return (*LoadError)(e)
	}
	return err
}
