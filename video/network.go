package video

import (
	"context"
	"slices"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/heads/classify"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

// logits is the name of a network's class scores.
const logits = "logits"

// Network is a Model that runs a backbone: its classes, its feature maps, or
// both in one run. It is safe for concurrent use.
type Network struct {
	net     *backbone.Network
	tf      transform.Classification
	labels  []string
	topK    int
	outputs []string
	fused   *transform.Fused
}

// NewNetwork makes a model of a backbone. outputs are names of levels (C3), of
// nodes (layer3.0.conv2), or logits, which gives each result its topK likeliest
// classes. Errors wrap ErrConfig or backbone.ErrNode.
func NewNetwork(net *backbone.Network, tf transform.Classification, labels []string, topK int, outputs ...string) (*Network, error) {
	if net == nil {
		return nil, errors.Wrap(ErrConfig, "the network is nil")
	}
	if len(outputs) == 0 {
		return nil, errors.Wrap(ErrConfig, "no outputs: want levels such as C5, or logits")
	}
	if _, err := net.Outputs(outputs...); err != nil {
		return nil, err
	}
	if slices.Contains(outputs, logits) {
		if topK < 1 {
			return nil, errors.Wrapf(ErrConfig, "%d likeliest classes, want 1 or more", topK)
		}
		if n := net.Config().NumClasses; len(labels) != 0 && len(labels) != n {
			return nil, errors.Wrapf(ErrConfig, "%d labels for %d classes", len(labels), n)
		}
	}
	fused, err := transform.NewFused(tf)
	if err != nil {
		return nil, err
	}
	return &Network{net: net, tf: tf, labels: labels, topK: topK, outputs: slices.Clone(outputs), fused: fused}, nil
}

// Classify makes a model of a classifier, which gives each frame its topK
// likeliest classes.
func Classify(c *classify.Classifier, topK int) (*Network, error) {
	if c == nil {
		return nil, errors.Wrap(ErrConfig, "the classifier is nil")
	}
	return NewNetwork(c.Network, c.Transform, c.Labels, topK, logits)
}

// Prepare implements Preparer: resizing and normalising go from the frame's
// bytes straight to the network's input.
func (n *Network) Prepare(_ context.Context, f *Frame) (*ops.Tensor, error) {
	return n.fused.Apply(f.bytes())
}

// Run implements Model. An input with NaN or an infinity is an error that wraps
// ops.ErrNonFinite and names the frame.
func (n *Network) Run(ctx context.Context, batch []*Frame) ([]*Result, error) {
	x, err := inputOf(ctx, batch, n)
	if err != nil {
		return nil, err
	}
	if err := x.CheckFinite(); err != nil {
		return nil, ofFrame(err, batch)
	}
	maps, err := n.net.Run(ctx, x, n.outputs...)
	if err != nil {
		return nil, err
	}
	results := make([]*Result, len(batch))
	for i, f := range batch {
		results[i] = resultOf(f)
	}
	for _, name := range n.outputs {
		if name == logits {
			err = n.classes(results, maps[name])
		} else {
			err = addFeature(results, name, maps[name])
		}
		if err != nil {
			return nil, err
		}
	}
	return results, nil
}

// inputOf puts a batch's inputs together; one alone is used where it is.
func inputOf(ctx context.Context, batch []*Frame, p Preparer) (*ops.Tensor, error) {
	inputs := make([]*ops.Tensor, len(batch))
	for i, f := range batch {
		if inputs[i] = f.Input; f.Input == nil {
			var err error
			if inputs[i], err = p.Prepare(ctx, f); err != nil {
				return nil, err
			}
		}
	}
	return stack(inputs)
}

// ofFrame names the frame that an error about a batch's values is about.
func ofFrame(err error, batch []*Frame) error {
	var e *ops.NonFiniteError
	if errors.As(err, &e) && len(e.Index) == 4 && e.Index[0] < len(batch) {
		f := batch[e.Index[0]]
		return errors.WithMessagef(err, "%s, frame %d", f.Source, f.Index)
	}
	return err
}

// stack joins tensors of 1×… along the first dimension.
func stack(list []*ops.Tensor) (*ops.Tensor, error) {
	if len(list) == 0 {
		return nil, errors.Wrap(ops.ErrShape, "an empty batch")
	}
	if len(list) == 1 {
		return list[0], nil
	}
	shape := list[0].Shape()
	shape[0] = len(list)
	all, err := ops.New(shape...)
	if err != nil {
		return nil, err
	}
	size := list[0].Len()
	for i, x := range list {
		if !slices.Equal(x.Shape(), list[0].Shape()) || x.Dim(0) != 1 {
			return nil, errors.Wrapf(ops.ErrShape, "entry %d of a batch is %v, the first %v", i, x, list[0])
		}
		copy(all.Data()[i*size:], x.Data())
	}
	return all, nil
}

func (n *Network) classes(results []*Result, scores *ops.Tensor) error {
	top, err := classify.TopK(scores, n.topK, n.labels)
	if err != nil {
		return err
	}
	p, err := ops.Softmax(scores)
	if err != nil {
		return err
	}
	for i, r := range results {
		r.Classes, r.Labels = top[i], n.labels
		r.Probabilities = p.Data()[i*p.Dim(1):][:p.Dim(1):p.Dim(1)]
	}
	return nil
}

// addFeature gives each result its row of a batch's map.
func addFeature(results []*Result, name string, t *ops.Tensor) error {
	for i, r := range results {
		row, err := t.Rows(i, i+1)
		if err != nil {
			return err
		}
		r.Features = append(r.Features, Feature{Name: name, Tensor: row})
	}
	return nil
}
