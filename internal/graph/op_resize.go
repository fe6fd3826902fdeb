package graph

import (
	"math"

	"github.com/pkg/errors"
)

// ResizeMode is how Resize samples.
type ResizeMode uint8

// The sampling modes of torch.nn.functional.interpolate.
const (
	Nearest ResizeMode = iota
	Bilinear
	BilinearAlignCorners
)

// String names the mode.
func (m ResizeMode) String() string {
	return [...]string{"nearest", "bilinear", "bilinear_align_corners"}[m]
}

// Resize is torch.nn.functional.interpolate. The output's size is Size, or
// the input's times Scale where that is set, or, with a second input, the
// second input's height and width.
type Resize struct {
	noParams
	Mode  ResizeMode
	Size  [2]int
	Scale [2]float64
}

// Kind implements Op.
func (Resize) Kind() string { return "resize" }

// Infer implements Op.
func (r Resize) Infer(in []Shape) (Shape, error) {
	count := 1
	if len(in) == 2 {
		count = 2
	}
	if err := checkInputs(in, count, 4); err != nil {
		return nil, err
	}
	s := in[0]
	switch {
	case count == 2:
		return maps(s, s[1], in[1][2], in[1][3])
	case r.Scale != [2]float64{}:
		h, err := scaledExtent(s[2], r.Scale[0])
		if err != nil {
			return nil, err
		}
		w, err := scaledExtent(s[3], r.Scale[1])
		if err != nil {
			return nil, err
		}
		return maps(s, s[1], h, w)
	}
	if err := checkAttr("output size", 1, r.Size[:]...); err != nil {
		return nil, err
	}
	return maps(s, s[1], r.Size[0], r.Size[1])
}

func scaledExtent(in int, scale float64) (int, error) {
	if !(scale > 0) || math.IsInf(scale, 0) || float64(in)*scale > maxAttr {
		return 0, errors.Wrapf(ErrShape, "scale factor %v of an extent of %d", scale, in)
	}
	return int(float64(in) * scale), nil
}
