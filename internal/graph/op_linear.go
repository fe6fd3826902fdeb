package graph

import "github.com/pkg/errors"

// Linear is torch.nn.Linear on N×F.
type Linear struct {
	In, Out int
	Bias    bool
}

// Kind implements Op.
func (Linear) Kind() string { return "linear" }

// Infer implements Op.
func (l Linear) Infer(in []Shape) (Shape, error) {
	if err := checkInputs(in, 1, 2); err != nil {
		return nil, err
	}
	if in[0][1] != l.In {
		return nil, errors.Wrapf(ErrShape, "input %v has %d features, the weight takes %d", in[0], in[0][1], l.In)
	}
	out := Shape{in[0][0], l.Out}
	return out, out.Check()
}

// Params implements Op.
func (l Linear) Params() []Param {
	p := []Param{{"weight", Shape{l.Out, l.In}, RoleWeight}}
	if l.Bias {
		p = append(p, Param{"bias", Shape{l.Out}, RoleBias})
	}
	return p
}

// MACs implements Op.
func (l Linear) MACs(_ []Shape, out Shape) int64 { return int64(out.Elems()) * int64(l.In) }

// Flatten is torch.flatten(x, 1): N×C×H×W to N×F.
type Flatten struct{ noParams }

// Kind implements Op.
func (Flatten) Kind() string { return "flatten" }

// Infer implements Op.
func (Flatten) Infer(in []Shape) (Shape, error) {
	if err := checkInputs(in, 1, 0); err != nil {
		return nil, err
	}
	return Shape{in[0][0], in[0].Elems() / in[0][0]}, nil
}

// Softmax normalises over dimension 1, the channels or classes.
type Softmax struct{ noParams }

// Kind implements Op.
func (Softmax) Kind() string { return "softmax" }

// Infer implements Op.
func (Softmax) Infer(in []Shape) (Shape, error) {
	if err := checkInputs(in, 1, 0); err != nil {
		return nil, err
	}
	if len(in[0]) < 2 {
		return nil, errors.Wrapf(ErrShape, "softmax over dimension 1 of %v", in[0])
	}
	return in[0].Clone(), nil
}
