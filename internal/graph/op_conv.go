package graph

import "github.com/pkg/errors"

// Window is the geometry that convolutions and pools share, height first.
type Window struct {
	Kernel, Stride, Padding, Dilation [2]int
}

// Square is a window of equal height and width; dilation 1.
func Square(kernel, stride, padding int) Window {
	return Window{
		Kernel:   [2]int{kernel, kernel},
		Stride:   [2]int{stride, stride},
		Padding:  [2]int{padding, padding},
		Dilation: [2]int{1, 1},
	}
}

func (w Window) check() error {
	if err := checkAttr("kernel", 1, w.Kernel[:]...); err != nil {
		return err
	}
	if err := checkAttr("stride", 1, w.Stride[:]...); err != nil {
		return err
	}
	if err := checkAttr("padding", 0, w.Padding[:]...); err != nil {
		return err
	}
	return checkAttr("dilation", 1, w.Dilation[:]...)
}

// out is the extent of the output along axis 0 (height) or 1 (width).
func (w Window) out(axis, in int) int {
	room := in + 2*w.Padding[axis] - w.Dilation[axis]*(w.Kernel[axis]-1) - 1
	if room < 0 {
		return 0
	}
	return room/w.Stride[axis] + 1
}

// outCeil is out with ceil_mode: a last window may start inside the input or
// its left padding and reach past the end, but may not start in the right
// padding (PyTorch's pooling_output_shape).
func (w Window) outCeil(axis, in int) int {
	room := in + 2*w.Padding[axis] - w.Dilation[axis]*(w.Kernel[axis]-1) - 1 + w.Stride[axis] - 1
	if room < 0 {
		return 0
	}
	n := room/w.Stride[axis] + 1
	if (n-1)*w.Stride[axis] >= in+w.Padding[axis] {
		n--
	}
	return n
}

// Conv is torch.nn.Conv2d with zero padding.
type Conv struct {
	Window
	In, Out, Groups int
	Bias            bool
}

// Kind implements Op.
func (Conv) Kind() string { return "conv" }

// Infer implements Op.
func (c Conv) Infer(in []Shape) (Shape, error) {
	if err := checkInputs(in, 1, 4); err != nil {
		return nil, err
	}
	if err := c.check(); err != nil {
		return nil, err
	}
	if c.Groups < 1 || c.In < 1 || c.Out < 1 || c.In%c.Groups != 0 || c.Out%c.Groups != 0 {
		return nil, errors.Wrapf(ErrShape, "%d groups must divide %d input and %d output channels", c.Groups, c.In, c.Out)
	}
	if in[0][1] != c.In {
		return nil, errors.Wrapf(ErrShape, "input %v has %d channels, the weight takes %d", in[0], in[0][1], c.In)
	}
	return maps(in[0], c.Out, c.out(0, in[0][2]), c.out(1, in[0][3]))
}

// Params implements Op.
func (c Conv) Params() []Param {
	p := []Param{{"weight", Shape{c.Out, c.In / c.Groups, c.Kernel[0], c.Kernel[1]}, RoleWeight}}
	if c.Bias {
		p = append(p, Param{"bias", Shape{c.Out}, RoleBias})
	}
	return p
}

// MACs implements Op.
func (c Conv) MACs(_ []Shape, out Shape) int64 {
	return int64(out.Elems()) * int64(c.In/c.Groups*c.Kernel[0]*c.Kernel[1])
}
