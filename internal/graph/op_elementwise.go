package graph

import "github.com/pkg/errors"

// Func is an activation function.
type Func uint8

// The activation functions. Identity is the zero value: none.
const (
	Identity Func = iota
	ReLU
	LeakyReLU
	Sigmoid
)

// String names the function.
func (f Func) String() string {
	return [...]string{"identity", "relu", "leakyrelu", "sigmoid"}[f]
}

// Activation applies a function to every element.
type Activation struct {
	noParams
	Func Func
	// Slope is LeakyReLU's factor below zero.
	Slope float32
}

// Kind implements Op.
func (a Activation) Kind() string { return a.Func.String() }

// Infer implements Op.
func (a Activation) Infer(in []Shape) (Shape, error) {
	if err := checkInputs(in, 1, 0); err != nil {
		return nil, err
	}
	return in[0].Clone(), nil
}

// Add sums two tensors of one shape.
type Add struct{ noParams }

// Kind implements Op.
func (Add) Kind() string { return "add" }

// Infer implements Op.
func (Add) Infer(in []Shape) (Shape, error) {
	if err := checkInputs(in, 2, 0); err != nil {
		return nil, err
	}
	if !in[0].Equal(in[1]) {
		return nil, errors.Wrapf(ErrShape, "cannot add %v and %v", in[0], in[1])
	}
	return in[0].Clone(), nil
}

// Input is where the caller's tensor enters.
type Input struct {
	noParams
	// Channels that the tensor must have.
	Channels int
}

// Kind implements Op.
func (Input) Kind() string { return "input" }

// Infer implements Op: in[0] is the caller's shape.
func (i Input) Infer(in []Shape) (Shape, error) {
	if err := checkInputs(in, 1, 4); err != nil {
		return nil, err
	}
	if in[0][1] != i.Channels {
		return nil, errors.Wrapf(ErrShape, "input %v has %d channels, the network takes %d", in[0], in[0][1], i.Channels)
	}
	return in[0].Clone(), nil
}

// Tap hands a value to a hook, which may replace it. The engine inserts it.
type Tap struct {
	noParams
	// Index tells taps apart.
	Index int
}

// Kind implements Op.
func (Tap) Kind() string { return "hook" }

// Infer implements Op.
func (Tap) Infer(in []Shape) (Shape, error) {
	if err := checkInputs(in, 1, 0); err != nil {
		return nil, err
	}
	return in[0].Clone(), nil
}

// Scale multiplies by a constant.
type Scale struct {
	noParams
	By float32
}

// Kind implements Op.
func (Scale) Kind() string { return "scale" }

// Infer implements Op.
func (Scale) Infer(in []Shape) (Shape, error) {
	if err := checkInputs(in, 1, 0); err != nil {
		return nil, err
	}
	return in[0], nil
}
