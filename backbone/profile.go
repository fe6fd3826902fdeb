package backbone

import (
	"context"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/engine"
	"github.com/vertebra-vision/vertebra/ops"
)

// StepProfile is how long one step of a plan takes.
type StepProfile = engine.StepProfile

// Profile runs the plan several times and measures each step; times are the
// medians. x must have the shape that the plan is for.
func (p *Plan) Profile(ctx context.Context, x *ops.Tensor, runs int) ([]StepProfile, error) {
	if x == nil || !p.plan.Input().Equal(x.Shape()) {
		return nil, errors.Wrapf(ops.ErrShape, "the plan is for %v, the input is %v", p.plan.Input(), x)
	}
	var out [][]float32
	for _, s := range p.plan.Outputs() {
		out = append(out, make([]float32, s.Elems()))
	}
	return p.plan.Profile(ctx, x.Data(), out, runs)
}
