package classify

import (
	"context"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/ops"
)

// CAM computes N×1×h×w class activation maps (Zhou et al., "Learning Deep
// Features for Discriminative Localization", 2016): where in the last map the
// evidence for a class lies. It is the sum of the map's channels, each times
// the classifier's weight for the class; its mean and the classifier's bias
// make up the logit. x is N×C×H×W, preprocessed, without NaN and infinities, and
// the network one whose classifier reads the pooled last map, as all presets are.
func (c *Classifier) CAM(ctx context.Context, x *ops.Tensor, class int) (*ops.Tensor, error) {
	if class < 0 || class >= len(c.Labels) {
		return nil, errors.Wrapf(backbone.ErrConfig, "class %d of %d", class, len(c.Labels))
	}
	if err := checkFinite(c.Network, x); err != nil {
		return nil, err
	}
	levels := c.Network.Levels()
	last := levels[len(levels)-1]
	maps, err := c.Network.Features(ctx, x, last)
	if err != nil {
		return nil, err
	}
	weight, err := c.classWeights(class)
	if err != nil {
		return nil, err
	}
	m := maps[last]
	plane := m.Dim(2) * m.Dim(3)
	cam, err := ops.New(m.Dim(0), 1, m.Dim(2), m.Dim(3))
	if err != nil {
		return nil, err
	}
	for n := range m.Dim(0) {
		out := cam.Data()[n*plane : (n+1)*plane]
		for ch, w := range weight {
			for i, v := range m.Data()[(n*len(weight)+ch)*plane:][:plane] {
				out[i] += w * v
			}
		}
	}
	return cam, nil
}

// classWeights is a row of fc.weight.
func (c *Classifier) classWeights(class int) ([]float32, error) {
	sd, err := c.Network.StateDict()
	if err != nil {
		return nil, err
	}
	fc, ok := sd.Get("fc.weight")
	if !ok || len(fc.Shape()) != 2 {
		return nil, errors.Wrap(backbone.ErrConfig, "the network has no fc.weight")
	}
	all := make([]float32, fc.Shape()[0]*fc.Shape()[1])
	if err := fc.ReadFloat32(all); err != nil {
		return nil, err
	}
	width := fc.Shape()[1]
	return all[class*width : (class+1)*width], nil
}
