package backbone

import (
	"context"
	"time"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/ops"
)

// StepProfile is how long one step of a plan takes.
type StepProfile struct {
	// Node is the step's first node.
	Node string
	// Fused are the nodes that were folded into it: a convolution's
	// normalisation, residual addition and activation.
	Fused []string
	// Kernel is the code that computes it, as the plan's table has it.
	Kernel string
	// Shape is that of the step's output, N×C×H×W or N×F.
	Shape []int
	// MACs counts the multiply-adds of the operator, not of the algorithm that
	// computes it: Winograd's performs fewer.
	MACs int64
	// Time is the median over the runs.
	Time time.Duration
}

// Profile runs the plan several times and measures each step; times are the
// medians. x must have the shape that the plan is for; the error wraps
// ops.ErrShape. Hooks are not called.
func (p *Plan) Profile(ctx context.Context, x *ops.Tensor, runs int) ([]StepProfile, error) {
	if x == nil || !p.plan.Input().Equal(x.Shape()) {
		return nil, errors.Wrapf(ops.ErrShape, "the plan is for %v, the input is %v", p.plan.Input(), x)
	}
	var out [][]float32
	for _, s := range p.plan.Outputs() {
		out = append(out, make([]float32, s.Elems()))
	}
	steps, err := p.plan.Profile(ctx, x.Data(), out, runs)
	list := make([]StepProfile, len(steps))
	for i, s := range steps {
		list[i] = StepProfile{s.Node, s.Fused, s.Kernel, s.Shape, s.MACs, s.Time}
	}
	return list, err
}
