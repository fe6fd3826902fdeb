package engine

import (
	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/norm"
	"github.com/vertebra-vision/vertebra/internal/kernel/pool"
	"github.com/vertebra-vision/vertebra/internal/kernel/reorder"
	"github.com/vertebra-vision/vertebra/internal/kernel/tile"
)

// relayout copies a value into another layout. assignLayouts inserts it.
type relayout struct{ graph.Tap }

// Kind implements graph.Op.
func (relayout) Kind() string { return "reorder" }

// assignLayouts keeps values blocked from one convolution to the next, where
// there are kernels for it, and inserts copies where blocked meets planar: at
// what callers and hooks see, and at operators without blocked kernels.
func assignLayouts(units []*unit) []*unit {
	if !kernel.Blocked() {
		return units
	}
	l := layouts{copies: map[*value]*value{}}
	for _, u := range units {
		l.add(u)
	}
	return l.units
}

// blockedConv is the unit's convolution, where it is one to a blocked map.
func (u *unit) blockedConv() (graph.Conv, bool) {
	c, ok := u.op().(graph.Conv)
	return c, ok && u.out.layout.Blocked
}

// chooseAlgorithms gives each value the halo that the convolutions reading it
// want, picks their algorithms, and adds the extra rows that these want.
func chooseAlgorithms(units []*unit, opt Options) {
	for _, u := range units {
		if c, ok := u.op().(graph.Conv); ok && u.inputs[0].layout.Blocked {
			in := u.inputs[0]
			in.layout.Halo = max(in.layout.Halo, c.Padding[0])
		}
	}
	for _, u := range units {
		if c, ok := u.blockedConv(); ok {
			u.algorithm = opt.algorithmFor(u, c)
		}
	}
	for _, u := range units {
		if c, ok := u.blockedConv(); ok {
			in := u.inputs[0]
			in.layout.Extra = max(in.layout.Extra, u.algorithm.Extra(u.convSpec(c), in.layout.Halo))
		}
	}
}

type layouts struct {
	units []*unit
	// copies are values in the other layout than the one they were made in.
	copies map[*value]*value
}

// add appends a unit, with the copies that its inputs and output need.
func (l *layouts) add(u *unit) {
	for i, v := range u.inputs {
		if c := l.copies[v]; c != nil && c.layout.Blocked {
			u.read(i, c)
		}
	}
	in, out := u.prefers()
	for i, v := range u.inputs {
		if v.layout.Blocked != in[i] {
			u.read(i, l.copy(v))
		}
	}
	l.units = append(l.units, u)
	u.out.layout.Blocked = out
	if out && u.out.output >= 0 {
		l.export(u)
	}
}

// read makes a unit read another value in place of its i-th input.
func (u *unit) read(i int, v *value) {
	u.inputs[i].users--
	u.inputs[i] = v
	v.users++
}

// copy returns a value in the other layout.
func (l *layouts) copy(v *value) *value {
	if c := l.copies[v]; c != nil {
		return c
	}
	c := &value{node: v.node, shape: v.shape, output: -1}
	c.layout.Blocked = !v.layout.Blocked
	l.copies[v], l.copies[c] = c, v
	l.relayout(v, c)
	return c
}

func (l *layouts) relayout(from, to *value) {
	from.users++
	n := &graph.Node{Name: from.node.Name, Op: relayout{}}
	l.units = append(l.units, &unit{node: n, inputs: []*value{from}, out: to, tap: -1})
}

// export splits a blocked value that the caller wants: the unit makes an inner
// one, a copy of it is the caller's.
func (l *layouts) export(u *unit) {
	wanted := u.out
	u.out = &value{node: wanted.node, shape: wanted.shape, output: -1, layout: wanted.layout}
	wanted.layout = kernel.Layout{}
	l.relayout(u.out, wanted)
	l.copies[wanted], l.copies[u.out] = u.out, wanted // what reads one may read the other
}

// prefers tells, for each input and for the output, whether the unit's kernel
// takes it blocked, given the layouts of its inputs.
func (u *unit) prefers() (in []bool, out bool) {
	in = make([]bool, len(u.inputs))
	switch op := u.op().(type) {
	case graph.Conv:
		if !tile.CanBlock(u.convSpec(op)) {
			return in, false
		}
		in[0] = u.inputs[0].layout.Blocked || op.In >= kernel.Block // narrow inputs stay planar
		for i := 1; i < len(in); i++ {
			in[i] = true
		}
		return in, true
	case graph.MaxPool:
		in[0] = u.inputs[0].layout.Blocked && pool.CanBlock(geometry(op.Window))
		return in, in[0]
	case graph.AdaptiveAvgPool:
		in[0] = u.inputs[0].layout.Blocked
		return in, in[0] && op.Height*op.Width > 1 // a vector is for a classifier, mostly
	case graph.AvgPool, graph.Resize, graph.Subsample:
		for i, v := range u.inputs {
			in[i] = v.layout.Blocked // of a resize's second input only the shape counts
		}
		return in, in[0]
	case graph.BatchNorm, graph.Scale:
		e := u.epilogue()
		in[0] = u.inputs[0].layout.Blocked && kernel.CanBlockAct(e.Act, e.Slope)
		return in, in[0]
	case graph.Activation:
		in[0] = u.inputs[0].layout.Blocked && kernel.CanBlockAct(kernelAct(op.Func), op.Slope)
		return in, in[0]
	case graph.GroupNorm:
		e := u.epilogue()
		in[0] = u.inputs[0].layout.Blocked && norm.CanBlockGroup(op.Channels, op.Groups) && kernel.CanBlockAct(e.Act, e.Slope)
		return in, in[0]
	case graph.Add:
		e := u.epilogue()
		blocked := (u.inputs[0].layout.Blocked || u.inputs[1].layout.Blocked) && kernel.CanBlockAct(e.Act, e.Slope)
		return []bool{blocked, blocked}, blocked
	case graph.Concat:
		return u.prefersConcat(in)
	}
	return in, false
}

// prefersConcat keeps a concatenation blocked where any input is.
func (u *unit) prefersConcat(in []bool) ([]bool, bool) {
	var channels []int
	blocked := false
	for _, v := range u.inputs {
		channels = append(channels, dims(v.shape).C)
		blocked = blocked || v.layout.Blocked
	}
	if !blocked || len(u.out.shape) != 4 || !reorder.CanBlockConcat(channels) {
		return in, false
	}
	for i := range in {
		in[i] = true
	}
	return in, true
}

// convSpec is what the kernels need to know of a convolution, but for its
// weights.
func (u *unit) convSpec(op graph.Conv) kernel.ConvSpec {
	e := u.epilogue()
	e.Residual = u.residual
	return kernel.ConvSpec{
		In: u.dims(u.inputs[0]), Out: u.dims(u.out), Geometry: geometry(op.Window), Groups: op.Groups, Epilogue: e,
		ISA: kernel.Active(),
	}
}
