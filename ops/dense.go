package ops

import (
	"github.com/pkg/errors"
	"gonum.org/v1/gonum/mat"
)

// Dense copies channel c of image n into an H×W gonum matrix.
func (t *Tensor) Dense(n, c int) (*mat.Dense, error) {
	m, err := t.Map(n, c)
	if err != nil {
		return nil, err
	}
	data := make([]float64, len(m))
	for i, v := range m {
		data[i] = float64(v)
	}
	return mat.NewDense(t.shape[2], t.shape[3], data), nil
}

// FromDense makes a 1×C×H×W tensor of C matrices of one size.
func FromDense(channels ...mat.Matrix) (*Tensor, error) {
	if len(channels) == 0 {
		return nil, errors.Wrap(ErrShape, "no matrix to make a tensor of")
	}
	h, w := channels[0].Dims()
	t, err := New(1, len(channels), h, w)
	if err != nil {
		return nil, err
	}
	for c, m := range channels {
		if mh, mw := m.Dims(); mh != h || mw != w {
			return nil, errors.Wrapf(ErrShape, "matrix %d is %dx%d, the first is %dx%d", c, mh, mw, h, w)
		}
		for y := range h {
			for x := range w {
				t.data[(c*h+y)*w+x] = float32(m.At(y, x))
			}
		}
	}
	return t, nil
}
