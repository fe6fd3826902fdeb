package engine

import (
	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// Value is a dense NCHW (or N×F) float32 tensor.
type Value struct {
	Shape graph.Shape
	Data  []float32
}

// value is a tensor inside a plan.
type value struct {
	node  *graph.Node // that it is the output of
	shape graph.Shape
	// output is its index among the wanted values, -1 for none.
	output int
	// users counts the unit inputs that read it.
	users  int
	layout kernel.Layout
	// images is how many of the batch it holds at a time, where only a run of
	// rounds sees it; 0 for all.
	images int
}

// floats is the memory that the value takes.
func (v *value) floats() int {
	d := dims(v.shape)
	if v.images > 0 {
		d.N = v.images
	}
	return v.layout.Floats(d)
}

// unit is an operator of a plan with what was fused into it. Units are in
// execution order.
type unit struct {
	node   *graph.Node
	inputs []*value
	out    *value

	// norm is the batch normalisation folded into the epilogue, if any.
	norm *graph.Node
	// residual says that the last input is added in the epilogue.
	residual bool
	act      graph.Activation
	// fused are the nodes folded in, in order, for people to read.
	fused []*graph.Node
	// algorithm is a convolution's.
	algorithm kernel.Algorithm
	// tap is the hook point that the unit serves, -1 for none.
	tap int
	// rounds tells how many images the unit computes at a time, nil for all.
	rounds *rounds
	// inner are the units of a section, and made their values that others
	// see; a section has no out.
	inner []*unit
	made  []*value
}

// makes lists the values that the unit computes.
func (u *unit) makes() []*value {
	if u.inner != nil {
		return u.made
	}
	return []*value{u.out}
}

// dims are a value's as the unit's kernel sees it.
func (u *unit) dims(v *value) kernel.Dims {
	d := dims(v.shape)
	if u.rounds != nil {
		d.N = u.rounds.images
	}
	return d
}

// build makes a unit of every node that the wanted ones need.
func build(g *graph.Graph, wanted []*graph.Node, input graph.Shape) ([]*unit, error) {
	order := g.Ancestors(wanted...)
	shapes, err := graph.Infer(order, input)
	if err != nil {
		return nil, err
	}
	values := make(map[*graph.Node]*value, len(order))
	var units []*unit
	for _, n := range order {
		v := &value{node: n, shape: shapes[n], output: -1}
		values[n] = v
		u := &unit{node: n, out: v, tap: -1}
		for _, in := range n.Inputs {
			u.inputs = append(u.inputs, values[in])
			values[in].users++
		}
		units = append(units, u)
	}
	return units, nil
}

// op is the unit's operator.
func (u *unit) op() graph.Op { return u.node.Op }

// replaceInput makes the unit read another value.
func (u *unit) replaceInput(old, v *value) {
	for i, in := range u.inputs {
		if in == old {
			u.inputs[i] = v
			old.users--
			v.users++
		}
	}
}

// isInput reports whether the unit only stands for the caller's tensor.
func (u *unit) isInput() bool {
	_, ok := u.op().(graph.Input)
	return ok
}
