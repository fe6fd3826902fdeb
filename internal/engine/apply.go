package engine

import (
	"runtime"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// Apply computes one operator on its own, with the kernels that plans use.
// params are in the order of op.Params.
func Apply(op graph.Op, params [][]float32, inputs ...Value) (Value, error) {
	u := &unit{node: &graph.Node{Name: op.Kind(), Module: op.Kind(), Op: op}, tap: -1}
	shapes := make([]graph.Shape, len(inputs))
	for i, in := range inputs {
		shapes[i] = in.Shape
		u.inputs = append(u.inputs, &value{shape: in.Shape})
	}
	shape, err := op.Infer(shapes)
	if err != nil {
		return Value{}, errors.WithMessage(err, op.Kind())
	}
	u.out = &value{shape: shape}
	named := map[string][]float32{}
	for i, p := range op.Params() {
		named[u.node.ParamKey(p)] = params[i]
	}
	k, err := lower(u, NewParams(named), runtime.GOMAXPROCS(0))
	if err != nil {
		return Value{}, err
	}
	out := Value{Shape: shape, Data: make([]float32, shape.Elems())}
	args := kernel.Args{Out: out.Data}
	for _, in := range inputs {
		args.In = append(args.In, in.Data)
	}
	workers := min(runtime.GOMAXPROCS(0), k.Tasks())
	c := newCrew(workers)
	c.start(workers - 1)
	defer c.stop()
	c.do(k, &args, make([]float32, align(k.Scratch())*workers))
	return out, nil
}
