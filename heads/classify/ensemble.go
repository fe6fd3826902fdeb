package classify

import (
	"context"
	"image"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/ops"
)

// Ensemble classifies by the mean of several classifiers' probabilities, each
// with its own preprocessing. The paper's winning entry is one of six networks
// (§4.1, Table 5).
type Ensemble []*Classifier

// Classify returns the k most likely classes of each image, the likeliest
// first. All members must have the same number of classes; the labels are the
// first one's.
func (e Ensemble) Classify(ctx context.Context, k int, images ...image.Image) ([][]Prediction, error) {
	if len(e) == 0 {
		return nil, errors.Wrap(backbone.ErrConfig, "the ensemble is empty")
	}
	var all []*ops.Tensor
	for i, c := range e {
		x, err := c.Transform.ApplyBatch(images...)
		if err != nil {
			return nil, err
		}
		logits, err := c.forward(ctx, x)
		if err != nil {
			return nil, err
		}
		if logits.Dim(1) != len(e[0].Labels) {
			return nil, errors.Wrapf(backbone.ErrConfig, "member %d of the ensemble has %d classes, the first has %d", i, logits.Dim(1), len(e[0].Labels))
		}
		p, err := ops.Softmax(logits)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
	mean, err := average(all)
	if err != nil {
		return nil, err
	}
	rows := make([][]Prediction, mean.Dim(0))
	classes := mean.Dim(1)
	for i := range rows {
		row := mean.Data()[i*classes : (i+1)*classes]
		rows[i] = likeliest(row, min(max(k, 0), len(row)), e[0].Labels)
	}
	return rows, nil
}

// average is the mean of tensors of one shape.
func average(all []*ops.Tensor) (*ops.Tensor, error) {
	mean, err := ops.New(all[0].Shape()...)
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		for i, v := range t.Data() {
			mean.Data()[i] += v / float32(len(all))
		}
	}
	return mean, nil
}
