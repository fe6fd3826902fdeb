package ops

import "github.com/vertebra-vision/vertebra/internal/graph"

// PoolOptions are the attributes of a pool, height first. A zero Stride is
// the kernel's size, a zero Dilation is 1, as in PyTorch.
type PoolOptions struct {
	Kernel, Stride, Padding, Dilation [2]int
	// CeilMode rounds the output's size up: a last window may hang over the
	// edge.
	CeilMode bool
	// ExcludePad leaves padding out of an average's divisor
	// (count_include_pad=False). Max pools ignore it.
	ExcludePad bool
}

func (o PoolOptions) window() graph.Window {
	return graph.Window{
		Kernel:   o.Kernel,
		Stride:   orDefault(o.Stride, o.Kernel),
		Padding:  o.Padding,
		Dilation: orDefault(o.Dilation, [2]int{1, 1}),
	}
}

// MaxPool2D is torch.nn.functional.max_pool2d on an N×C×H×W tensor.
func MaxPool2D(x *Tensor, opt PoolOptions) (*Tensor, error) {
	return apply(graph.MaxPool{Window: opt.window(), CeilMode: opt.CeilMode}, nil, x)
}

// AvgPool2D is torch.nn.functional.avg_pool2d on an N×C×H×W tensor; it has no
// dilation.
func AvgPool2D(x *Tensor, opt PoolOptions) (*Tensor, error) {
	op := graph.AvgPool{Window: opt.window(), CeilMode: opt.CeilMode, CountIncludePad: !opt.ExcludePad}
	return apply(op, nil, x)
}

// AdaptiveAvgPool2D is torch.nn.functional.adaptive_avg_pool2d to
// height×width on an N×C×H×W tensor.
func AdaptiveAvgPool2D(x *Tensor, height, width int) (*Tensor, error) {
	return apply(graph.AdaptiveAvgPool{Height: height, Width: width}, nil, x)
}
