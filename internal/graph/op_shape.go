package graph

import "github.com/pkg/errors"

// Concat joins tensors along dimension 1, the channels.
type Concat struct{ noParams }

// Kind implements Op.
func (Concat) Kind() string { return "concat" }

// Infer implements Op.
func (Concat) Infer(in []Shape) (Shape, error) {
	if len(in) == 0 {
		return nil, errors.Wrap(ErrShape, "nothing to concatenate")
	}
	if err := checkInputs(in, len(in), 0); err != nil {
		return nil, err
	}
	out := in[0].Clone()
	for _, s := range in[1:] {
		if len(s) != len(out) || len(s) < 2 {
			return nil, errors.Wrapf(ErrShape, "cannot concatenate %v and %v", in[0], s)
		}
		for i := range s {
			if i != 1 && s[i] != out[i] {
				return nil, errors.Wrapf(ErrShape, "cannot concatenate %v and %v: they differ outside dimension 1", in[0], s)
			}
		}
		out[1] += s[1]
	}
	return out, out.Check()
}

// Pad surrounds maps, and the channels, with a constant.
type Pad struct {
	noParams
	Front, Back              int // channels
	Top, Bottom, Left, Right int // pixels
	Value                    float32
}

// Kind implements Op.
func (Pad) Kind() string { return "pad" }

// Infer implements Op.
func (p Pad) Infer(in []Shape) (Shape, error) {
	if err := checkInputs(in, 1, 4); err != nil {
		return nil, err
	}
	if err := checkAttr("padding", 0, p.Front, p.Back, p.Top, p.Bottom, p.Left, p.Right); err != nil {
		return nil, err
	}
	s := in[0]
	return maps(s, s[1]+p.Front+p.Back, s[2]+p.Top+p.Bottom, s[3]+p.Left+p.Right)
}

// Subsample takes every Stride-th pixel: x[:, :, ::s, ::s].
type Subsample struct {
	noParams
	Stride [2]int
}

// Kind implements Op.
func (Subsample) Kind() string { return "subsample" }

// Infer implements Op.
func (p Subsample) Infer(in []Shape) (Shape, error) {
	if err := checkInputs(in, 1, 4); err != nil {
		return nil, err
	}
	if err := checkAttr("stride", 1, p.Stride[:]...); err != nil {
		return nil, err
	}
	s := in[0]
	return maps(s, s[1], (s[2]-1)/p.Stride[0]+1, (s[3]-1)/p.Stride[1]+1)
}
