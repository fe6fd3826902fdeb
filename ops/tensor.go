package ops

import (
	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/graph"
)

// ErrShape is wrapped by every error about a tensor's shape.
var ErrShape = graph.ErrShape

// Tensor is a dense, contiguous float32 array, row-major. Feature maps and
// images are N×C×H×W; vectors such as logits are N×F.
//
// A Tensor is a view of its data: Reshape and Rows share memory with the
// tensor they came from, Clone does not. Concurrent reads are safe.
type Tensor struct {
	shape graph.Shape
	data  []float32
}

// New returns a zero tensor. Every dimension must be positive.
func New(shape ...int) (*Tensor, error) {
	s := graph.Shape(shape).Clone()
	if err := s.Check(); err != nil {
		return nil, err
	}
	return &Tensor{shape: s, data: make([]float32, s.Elems())}, nil
}

// FromSlice wraps data, without copying it, as a tensor of the given shape.
// len(data) must equal the product of the dimensions.
func FromSlice(data []float32, shape ...int) (*Tensor, error) {
	s := graph.Shape(shape).Clone()
	if err := s.Check(); err != nil {
		return nil, err
	}
	if len(data) != s.Elems() {
		return nil, errors.Wrapf(ErrShape, "%v holds %d elements, the slice has %d", s, s.Elems(), len(data))
	}
	return &Tensor{shape: s, data: data}, nil
}

// Shape returns a copy of the tensor's extents.
func (t *Tensor) Shape() []int { return t.shape.Clone() }

// Rank is the number of dimensions.
func (t *Tensor) Rank() int { return len(t.shape) }

// Dim is the extent of dimension i; negative i counts from the end. A
// dimension the tensor lacks has extent 0.
func (t *Tensor) Dim(i int) int {
	if i < 0 {
		i += len(t.shape)
	}
	if i < 0 || i >= len(t.shape) {
		return 0
	}
	return t.shape[i]
}

// Len is the number of elements.
func (t *Tensor) Len() int { return len(t.data) }

// Data is the tensor's memory in row-major order, shared, not copied.
func (t *Tensor) Data() []float32 { return t.data }

// Clone returns a copy with memory of its own.
func (t *Tensor) Clone() *Tensor {
	return &Tensor{shape: t.shape.Clone(), data: append([]float32(nil), t.data...)}
}

// Reshape returns a view of the same memory with another shape. One
// dimension may be -1: it takes what the others leave.
func (t *Tensor) Reshape(shape ...int) (*Tensor, error) {
	s := graph.Shape(shape).Clone()
	free, known := -1, 1
	for i, d := range s {
		switch {
		case d == -1 && free < 0:
			free = i
		case d <= 0:
			return nil, errors.Wrapf(ErrShape, "reshape %v to %v: dimensions must be positive, at most one -1", t.shape, s)
		case known > len(t.data)/d:
			return nil, errors.Wrapf(ErrShape, "reshape %v to %v: more elements than there are", t.shape, s)
		default:
			known *= d
		}
	}
	if free >= 0 && len(t.data)%known == 0 {
		s[free] = len(t.data) / known
		known = len(t.data)
	}
	if known != len(t.data) || len(s) == 0 {
		return nil, errors.Wrapf(ErrShape, "reshape %v (%d elements) to %v", t.shape, len(t.data), s)
	}
	return &Tensor{shape: s, data: t.data}, nil
}

// Rows returns a view of entries from … to-1 of the first dimension: for a
// batch of images, a smaller batch.
func (t *Tensor) Rows(from, to int) (*Tensor, error) {
	if from < 0 || to <= from || to > t.Dim(0) {
		return nil, errors.Wrapf(ErrShape, "rows %d to %d of %v", from, to, t.shape)
	}
	s := t.shape.Clone()
	row := len(t.data) / s[0]
	s[0] = to - from
	return &Tensor{shape: s, data: t.data[from*row : to*row : to*row]}, nil
}

// Map returns the H×W values of channel c of image n, row-major, sharing
// memory with the N×C×H×W tensor.
func (t *Tensor) Map(n, c int) ([]float32, error) {
	if t.Rank() != 4 {
		return nil, errors.Wrapf(ErrShape, "want a tensor of N×C×H×W, have %v", t.shape)
	}
	if n < 0 || n >= t.shape[0] || c < 0 || c >= t.shape[1] {
		return nil, errors.Wrapf(ErrShape, "image %d, channel %d of %v", n, c, t.shape)
	}
	hw := t.shape[2] * t.shape[3]
	i := (n*t.shape[1] + c) * hw
	return t.data[i : i+hw : i+hw], nil
}

// String describes the tensor by its shape, not its values.
func (t *Tensor) String() string { return "Tensor(" + t.shape.String() + ")" }
