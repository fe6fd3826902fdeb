package engine

import (
	"iter"
	"math"
	"slices"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/conv"
	"github.com/vertebra-vision/vertebra/internal/kernel/eltwise"
	"github.com/vertebra-vision/vertebra/internal/kernel/linear"
	"github.com/vertebra-vision/vertebra/internal/kernel/norm"
	"github.com/vertebra-vision/vertebra/internal/kernel/pool"
	"github.com/vertebra-vision/vertebra/internal/kernel/reorder"
	"github.com/vertebra-vision/vertebra/internal/kernel/resize"
	"github.com/vertebra-vision/vertebra/internal/kernel/softmax"
	"github.com/vertebra-vision/vertebra/internal/parallel"
)

// lowerAll picks the kernels of units, nil for the input.
func lowerAll(units []*unit, params *Params, workers int) ([]kernel.Kernel, error) {
	kernels, err := lowerLeaves(leavesOf(units), params, workers)
	if err != nil {
		return nil, err
	}
	list := make([]kernel.Kernel, len(units))
	for i, u := range units {
		if u.inner != nil {
			list[i] = newSection(u, kernels[:len(u.inner)])
			kernels = kernels[len(u.inner):]
		} else {
			list[i], kernels = kernels[0], kernels[1:]
		}
	}
	return list, nil
}

// leavesOf lists units with those of sections in their places.
func leavesOf(units []*unit) []*unit {
	var leaves []*unit
	for _, u := range units {
		if u.inner != nil {
			leaves = append(leaves, u.inner...)
		} else {
			leaves = append(leaves, u)
		}
	}
	return leaves
}

// lowerLeaves picks the kernels of units that are no sections. Most of the
// time goes into packing weights, which workers share.
func lowerLeaves(units []*unit, params *Params, workers int) ([]kernel.Kernel, error) {
	kernels := make([]kernel.Kernel, len(units))
	errs := make([]error, len(units))
	parallel.Do(workers, len(units), func(tasks iter.Seq[int]) {
		for i := range tasks {
			u, sharing := units[i], workers
			if u.rounds != nil {
				sharing = 1 // each round is one worker's
			}
			if !u.isInput() {
				kernels[i], errs[i] = lower(u, params, sharing)
			}
		}
	})
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return kernels, nil
}

// lower picks the kernel for a unit.
func lower(u *unit, params *Params, workers int) (kernel.Kernel, error) {
	own, err := nodeParams(u.node, params)
	if err != nil {
		return nil, err
	}
	in := make([]kernel.Dims, len(u.inputs))
	for i, v := range u.inputs {
		in[i] = u.dims(v)
	}
	out := u.dims(u.out)

	switch op := u.op().(type) {
	case graph.Conv:
		return lowerConv(u, op, params, workers)
	case graph.Linear:
		return lowerLinear(u, op, own, params, workers), nil
	case graph.BatchNorm:
		e := u.epilogue()
		e.Scale, e.Shift = foldNorm(op.Eps, own, nil)
		return u.affine(out, e), nil
	case graph.Scale:
		e := u.epilogue()
		e.Scale = slices.Repeat([]float32{op.By}, out.C)
		return u.affine(out, e), nil
	case graph.GroupNorm:
		act, slope := u.activation()
		spec := norm.GroupSpec{
			Dims: out, Groups: op.Groups, Eps: op.Eps, Weight: own[0], Bias: own[1], Act: act, Slope: slope,
		}
		if u.out.layout.Blocked {
			return norm.NewBlockedGroup(spec, u.inputs[0].layout, u.out.layout), nil
		}
		return norm.NewGroup(spec), nil
	case graph.Activation:
		if u.out.layout.Blocked {
			return u.blockedMap("activation", kernel.Epilogue{Act: kernelAct(op.Func), Slope: op.Slope}), nil
		}
		return eltwise.NewActivation(out.Len(), kernelAct(op.Func), op.Slope), nil
	case graph.Add:
		e := u.epilogue()
		if u.out.layout.Blocked {
			e.Residual = true
			return u.blockedMap("add", e), nil
		}
		return eltwise.NewAdd(out.Len(), e.Act, e.Slope), nil
	case relayout:
		return reorder.New(out, u.inputs[0].layout, u.out.layout), nil
	case graph.Flatten, graph.Tap:
		return eltwise.NewCopy(out.Len()), nil
	case graph.Softmax:
		return softmax.New(out), nil
	}
	return lowerMove(u, in, out)
}

// affine is act(x·scale + shift) in either layout.
func (u *unit) affine(out kernel.Dims, e kernel.Epilogue) kernel.Kernel {
	if u.out.layout.Blocked {
		return u.blockedMap("affine", e)
	}
	return eltwise.NewAffine(out, e)
}

// blockedMap is what happens to the elements of one or two blocked maps.
func (u *unit) blockedMap(name string, e kernel.Epilogue) kernel.Kernel {
	x, y := u.inputs[0].layout, kernel.Layout{}
	if e.Residual {
		y = u.inputs[1].layout
	}
	return eltwise.NewBlocked(name, u.dims(u.out), e, x, y, u.out.layout)
}

// lowerMove picks the kernels of pools and of what only moves pixels.
func lowerMove(u *unit, in []kernel.Dims, out kernel.Dims) (kernel.Kernel, error) {
	if u.out.layout.Blocked {
		return lowerBlockedMove(u, in, out)
	}
	switch op := u.op().(type) {
	case graph.MaxPool:
		return pool.NewMax(poolSpec(op.Window, in[0], out)), nil
	case graph.AvgPool:
		return pool.NewAverage(avgPoolSpec(op, in[0], out)), nil
	case graph.AdaptiveAvgPool:
		if u.inputs[0].layout.Blocked {
			return pool.NewAdaptiveToPlanar(in[0], out, u.inputs[0].layout), nil
		}
		return pool.NewAdaptive(in[0], out), nil
	case graph.Concat:
		strides := make([]int, len(in))
		for i, d := range in {
			strides[i] = d.Len() / d.N
		}
		return reorder.NewConcat(out.N, strides), nil
	case graph.Pad:
		return reorder.NewPad(reorder.PadSpec{
			In: in[0], Out: out, Front: op.Front, Top: op.Top, Left: op.Left, Value: op.Value,
		}), nil
	case graph.Subsample:
		return reorder.NewSubsample(in[0], out, op.Stride), nil
	case graph.Resize:
		return resize.New(resizeSpec(op, in[0], out)), nil
	}
	return nil, errors.Errorf("%s: no kernel for %s", u.node.Name, u.op().Kind())
}

func lowerBlockedMove(u *unit, in []kernel.Dims, out kernel.Dims) (kernel.Kernel, error) {
	from, to := u.inputs[0].layout, u.out.layout
	switch op := u.op().(type) {
	case graph.MaxPool:
		return pool.NewBlockedMax(poolSpec(op.Window, in[0], out), from, to), nil
	case graph.AvgPool:
		return pool.NewBlockedAverage(avgPoolSpec(op, in[0], out), from, to), nil
	case graph.AdaptiveAvgPool:
		return pool.NewBlockedAdaptive(in[0], out, from, to), nil
	case graph.Concat:
		layouts := make([]kernel.Layout, len(in))
		for i, v := range u.inputs {
			layouts[i] = v.layout
		}
		return reorder.NewBlockedConcat(in, layouts, out, to), nil
	case graph.Subsample:
		return reorder.NewBlockedSubsample(in[0], out, op.Stride, from, to), nil
	case graph.Resize:
		return resize.NewBlocked(resizeSpec(op, in[0], out), from, to), nil
	}
	return nil, errors.Errorf("%s: no blocked kernel for %s", u.node.Name, u.op().Kind())
}

func poolSpec(w graph.Window, in, out kernel.Dims) pool.Spec {
	return pool.Spec{In: in, Out: out, Geometry: geometry(w)}
}

func avgPoolSpec(op graph.AvgPool, in, out kernel.Dims) pool.Spec {
	s := poolSpec(op.Window, in, out)
	s.CountIncludePad = op.CountIncludePad
	return s
}

func resizeSpec(op graph.Resize, in, out kernel.Dims) resize.Spec {
	return resize.Spec{
		In: in, Out: out, Scale: op.Scale,
		Bilinear:     op.Mode != graph.Nearest,
		AlignCorners: op.Mode == graph.BilinearAlignCorners,
	}
}

func lowerConv(u *unit, op graph.Conv, params *Params, workers int) (kernel.Kernel, error) {
	b, err := u.blockedSpec(op, params, workers)
	if err != nil {
		return nil, err
	}
	if !u.out.layout.Blocked {
		return conv.NewPlanar(b.ConvSpec), nil
	}
	key, _ := u.packing()
	b.Packed = params.pack(key, func(take func(n int) []float32) []float32 {
		return u.algorithm.Pack(b.ConvSpec, b.InLayout, take)
	})
	return u.algorithm.New(b), nil
}

// blockedSpec describes a convolution with its weights and the layouts of its
// maps; only its packed weights are missing.
func (u *unit) blockedSpec(op graph.Conv, params *Params, workers int) (kernel.BlockedSpec, error) {
	b := kernel.BlockedSpec{ConvSpec: u.convSpec(op), InLayout: u.inputs[0].layout, OutLayout: u.out.layout, Workers: workers}
	own, err := nodeParams(u.node, params)
	if err != nil {
		return b, err
	}
	b.Weight = own[0]
	if op.Bias {
		b.Shift = own[1]
	}
	if u.norm != nil {
		norm, err := nodeParams(u.norm, params)
		if err != nil {
			return b, err
		}
		b.Scale, b.Shift = foldNorm(u.norm.Op.(graph.BatchNorm).Eps, norm, b.Shift)
	}
	if u.residual {
		b.ResidualLayout = u.inputs[len(u.inputs)-1].layout
	}
	return b, nil
}

func lowerLinear(u *unit, op graph.Linear, own [][]float32, params *Params, workers int) kernel.Kernel {
	spec := u.linearSpec(op)
	spec.Weight = own[0]
	if op.Bias {
		spec.Shift = own[1]
	}
	key, _ := u.packing()
	if key == "" {
		return linear.New(spec)
	}
	packed := params.pack(key, func(take func(n int) []float32) []float32 {
		return linear.Pack(spec, take)
	})
	return linear.NewTiled(spec, packed, workers)
}

// linearSpec describes a fully connected layer without its weights.
func (u *unit) linearSpec(op graph.Linear) linear.Spec {
	return linear.Spec{Batch: u.out.shape[0], In: op.In, Out: op.Out, Epilogue: u.epilogue(), ISA: kernel.Active()}
}

// foldNorm turns a batch normalisation of x+bias into a scale and a shift of
// x: weight, bias, mean and variance are in norm.
func foldNorm(eps float64, norm [][]float32, bias []float32) (scale, shift []float32) {
	n := len(norm[0])
	scale, shift = make([]float32, n), make([]float32, n)
	for i := range n {
		s := float64(norm[0][i]) / math.Sqrt(float64(norm[3][i])+eps)
		t := float64(norm[1][i]) - float64(norm[2][i])*s
		if bias != nil {
			t += float64(bias[i]) * s
		}
		scale[i], shift[i] = float32(s), float32(t)
	}
	return scale, shift
}

// nodeParams looks up a node's parameters.
func nodeParams(n *graph.Node, params *Params) ([][]float32, error) {
	var list [][]float32
	for _, p := range n.Op.Params() {
		data := params.Get(n.ParamKey(p))
		if len(data) != p.Shape.Elems() {
			return nil, errors.Errorf("%s: have %d values, want %v", n.ParamKey(p), len(data), p.Shape)
		}
		list = append(list, data)
	}
	return list, nil
}

func (u *unit) epilogue() kernel.Epilogue {
	act, slope := u.activation()
	return kernel.Epilogue{Act: act, Slope: slope}
}

func (u *unit) activation() (kernel.Act, float32) {
	return kernelAct(u.act.Func), u.act.Slope
}

func kernelAct(f graph.Func) kernel.Act {
	switch f {
	case graph.ReLU:
		return kernel.ReLU
	case graph.LeakyReLU:
		return kernel.LeakyReLU
	case graph.Sigmoid:
		return kernel.Sigmoid
	}
	return kernel.None
}

func geometry(w graph.Window) kernel.Geometry {
	return kernel.Geometry{Kernel: w.Kernel, Stride: w.Stride, Padding: w.Padding, Dilation: w.Dilation}
}

// dims views a shape as N×C×H×W; what a vector or a tensor of another rank
// lacks is 1, what it has more of goes to W.
func dims(s graph.Shape) kernel.Dims {
	d := kernel.Dims{N: 1, C: 1, H: 1, W: 1}
	for i, n := range s {
		switch i {
		case 0:
			d.N = n
		case 1:
			d.C = n
		case 2:
			d.H = n
		default:
			d.W *= n
		}
	}
	return d
}
