package ops

import (
	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/engine"
	"github.com/vertebra-vision/vertebra/internal/graph"
)

// apply runs one operator. params are in the order of op.Params.
func apply(op graph.Op, params []*Tensor, inputs ...*Tensor) (*Tensor, error) {
	values := make([]engine.Value, len(inputs))
	for i, t := range inputs {
		if t == nil {
			return nil, errors.Wrapf(ErrShape, "%s: input %d is nil", op.Kind(), i)
		}
		values[i] = engine.Value{Shape: t.shape, Data: t.data}
	}
	data := make([][]float32, len(params))
	for i, p := range op.Params() {
		t := params[i]
		if t == nil {
			return nil, errors.Wrapf(ErrShape, "%s: %s is nil", op.Kind(), p.Suffix)
		}
		if !t.shape.Equal(p.Shape) {
			return nil, errors.Wrapf(ErrShape, "%s: %s is %v, want %v", op.Kind(), p.Suffix, t.shape, p.Shape)
		}
		data[i] = t.data
	}
	out, err := engine.Apply(op, data, values...)
	if err != nil {
		return nil, err
	}
	return &Tensor{shape: out.Shape, data: out.Data}, nil
}

// want reports a nil tensor or one of another rank, before its dimensions are
// used.
func want(what string, t *Tensor, rank int) error {
	if t == nil {
		return errors.Wrapf(ErrShape, "%s is nil", what)
	}
	if t.Rank() != rank {
		return errors.Wrapf(ErrShape, "%s is %v, want %d dimensions", what, t.shape, rank)
	}
	return nil
}

// orDefault replaces a zero pair.
func orDefault(v, def [2]int) [2]int {
	if v == [2]int{} {
		return def
	}
	return v
}
