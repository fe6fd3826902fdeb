package classify

import (
	"context"
	"image"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

// Classifier names what is in an image. It is safe for concurrent use.
type Classifier struct {
	// Network computes the logits.
	Network *backbone.Network
	// Transform brings an image to what the network's weights were trained
	// with.
	Transform transform.Classification
	// Labels names the classes, in the order of the logits.
	Labels []string
}

// New puts a classifier together. There must be a label for each of the
// network's classes; the error wraps backbone.ErrConfig.
func New(net *backbone.Network, tf transform.Classification, labels []string) (*Classifier, error) {
	c := net.Config()
	if c.NoClassifier {
		return nil, errors.Wrapf(backbone.ErrConfig, "%s has no classifier", c.Name)
	}
	if len(labels) != c.NumClasses {
		return nil, errors.Wrapf(backbone.ErrConfig, "%s has %d classes, there are %d labels", c.Name, c.NumClasses, len(labels))
	}
	return &Classifier{Network: net, Transform: tf, Labels: labels}, nil
}

// Classify returns the k most likely classes of each image, the likeliest
// first. The images make one batch. What a Transform turns into NaN or
// infinities is refused, with an error that wraps ops.ErrNonFinite.
func (c *Classifier) Classify(ctx context.Context, k int, images ...image.Image) ([][]Prediction, error) {
	x, err := c.Transform.ApplyBatch(images...)
	if err != nil {
		return nil, err
	}
	logits, err := c.forward(ctx, x)
	if err != nil {
		return nil, err
	}
	return TopK(logits, k, c.Labels)
}

// forward is Network.Forward, which would compute with NaN, for finite inputs.
func (c *Classifier) forward(ctx context.Context, x *ops.Tensor) (*ops.Tensor, error) {
	if err := checkFinite(c.Network, x); err != nil {
		return nil, err
	}
	return c.Network.Forward(ctx, x)
}

// checkFinite names the network for whose input a tensor is.
func checkFinite(net *backbone.Network, x *ops.Tensor) error {
	return errors.WithMessage(x.CheckFinite(), net.Config().Name+": the input")
}

// TopK turns N×classes logits into the k likeliest classes of each row, the
// likeliest first; probabilities are the softmax over all classes. labels may
// be nil.
func TopK(logits *ops.Tensor, k int, labels []string) ([][]Prediction, error) {
	if logits == nil || logits.Rank() != 2 {
		return nil, errors.Wrapf(ops.ErrShape, "logits are %v, want N×classes", logits)
	}
	p, err := ops.Softmax(logits)
	if err != nil {
		return nil, err
	}
	rows := make([][]Prediction, logits.Dim(0))
	for i := range rows {
		row := p.Data()[i*p.Dim(1) : (i+1)*p.Dim(1)]
		rows[i] = likeliest(row, min(max(k, 0), len(row)), labels)
	}
	return rows, nil
}
