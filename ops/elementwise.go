package ops

import "github.com/vertebra-vision/vertebra/internal/graph"

// ReLU is max(x, 0); NaN stays NaN.
func ReLU(x *Tensor) (*Tensor, error) {
	return apply(graph.Activation{Func: graph.ReLU}, nil, x)
}

// LeakyReLU is x where positive and x·slope elsewhere.
func LeakyReLU(x *Tensor, slope float32) (*Tensor, error) {
	return apply(graph.Activation{Func: graph.LeakyReLU, Slope: slope}, nil, x)
}

// Sigmoid is 1/(1+exp(-x)).
func Sigmoid(x *Tensor) (*Tensor, error) {
	return apply(graph.Activation{Func: graph.Sigmoid}, nil, x)
}

// Add sums two tensors of equal shape.
func Add(x, y *Tensor) (*Tensor, error) { return apply(graph.Add{}, nil, x, y) }

// Concat is torch.cat over dimension 1: tensors that agree in all other
// dimensions, one after another.
func Concat(xs ...*Tensor) (*Tensor, error) { return apply(graph.Concat{}, nil, xs...) }

// Padding says how many rows and columns to add on each side.
type Padding struct{ Left, Right, Top, Bottom int }

// Pad is torch.nn.functional.pad with a constant on the last two dimensions
// of an N×C×H×W tensor.
func Pad(x *Tensor, p Padding, value float32) (*Tensor, error) {
	op := graph.Pad{Top: p.Top, Bottom: p.Bottom, Left: p.Left, Right: p.Right, Value: value}
	return apply(op, nil, x)
}
