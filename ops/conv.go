package ops

import "github.com/vertebra-vision/vertebra/internal/graph"

// Conv2DOptions are the attributes of a convolution, height first. The zero
// value has stride 1, no padding, dilation 1 and one group.
type Conv2DOptions struct {
	Stride, Padding, Dilation [2]int
	Groups                    int
}

// Conv2D is torch.nn.functional.conv2d: x is N×C×H×W, weight is
// out×(C/groups)×kh×kw, bias has out values or is nil.
func Conv2D(x, weight, bias *Tensor, opt Conv2DOptions) (*Tensor, error) {
	if err := want("conv: weight", weight, 4); err != nil {
		return nil, err
	}
	groups := max(1, opt.Groups)
	op := graph.Conv{
		Window: graph.Window{
			Kernel:   [2]int{weight.Dim(2), weight.Dim(3)},
			Stride:   orDefault(opt.Stride, [2]int{1, 1}),
			Padding:  opt.Padding,
			Dilation: orDefault(opt.Dilation, [2]int{1, 1}),
		},
		In: weight.Dim(1) * groups, Out: weight.Dim(0), Groups: groups, Bias: bias != nil,
	}
	return apply(op, []*Tensor{weight, bias}, x)
}

// Linear is torch.nn.functional.linear: x is N×in, weight out×in, bias has out
// values or is nil.
func Linear(x, weight, bias *Tensor) (*Tensor, error) {
	if err := want("linear: weight", weight, 2); err != nil {
		return nil, err
	}
	op := graph.Linear{In: weight.Dim(1), Out: weight.Dim(0), Bias: bias != nil}
	return apply(op, []*Tensor{weight, bias}, x)
}
