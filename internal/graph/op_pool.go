package graph

import "github.com/pkg/errors"

// MaxPool is torch.nn.MaxPool2d; padding counts as minus infinity.
type MaxPool struct {
	noParams
	Window
	CeilMode bool
}

// Kind implements Op.
func (MaxPool) Kind() string { return "maxpool" }

// Infer implements Op.
func (p MaxPool) Infer(in []Shape) (Shape, error) {
	return inferPool(p.Window, p.CeilMode, in)
}

// AvgPool is torch.nn.AvgPool2d; dilation must be 1.
type AvgPool struct {
	noParams
	Window
	CeilMode bool
	// CountIncludePad divides by the window's size where it hangs over the
	// edge, not by the input pixels in it.
	CountIncludePad bool
}

// Kind implements Op.
func (AvgPool) Kind() string { return "avgpool" }

// Infer implements Op.
func (p AvgPool) Infer(in []Shape) (Shape, error) {
	if p.Dilation != [2]int{1, 1} {
		return nil, errors.Wrapf(ErrShape, "average pools have no dilation, have %v", p.Dilation)
	}
	return inferPool(p.Window, p.CeilMode, in)
}

func inferPool(w Window, ceil bool, in []Shape) (Shape, error) {
	if err := checkInputs(in, 1, 4); err != nil {
		return nil, err
	}
	if err := w.check(); err != nil {
		return nil, err
	}
	for i := range w.Kernel {
		if w.Padding[i] > w.Kernel[i]/2 {
			return nil, errors.Wrapf(ErrShape, "padding %v is more than half the kernel %v", w.Padding, w.Kernel)
		}
	}
	out := w.out
	if ceil {
		out = w.outCeil
	}
	return maps(in[0], in[0][1], out(0, in[0][2]), out(1, in[0][3]))
}

// AdaptiveAvgPool is torch.nn.AdaptiveAvgPool2d to a fixed size.
type AdaptiveAvgPool struct {
	noParams
	Height, Width int
}

// Kind implements Op.
func (AdaptiveAvgPool) Kind() string { return "adaptiveavgpool" }

// Infer implements Op.
func (p AdaptiveAvgPool) Infer(in []Shape) (Shape, error) {
	if err := checkInputs(in, 1, 4); err != nil {
		return nil, err
	}
	if err := checkAttr("output size", 1, p.Height, p.Width); err != nil {
		return nil, err
	}
	return maps(in[0], in[0][1], p.Height, p.Width)
}
