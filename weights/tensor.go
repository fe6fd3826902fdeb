package weights

import (
	"encoding/binary"
	"io"
	"iter"
	"math"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/ops"
)

// Tensor is an entry of a checkpoint. Its elements stay in the file until they
// are read. It is safe for concurrent use.
type Tensor struct {
	name  string
	dtype DType
	shape []int
	data  storage
	order binary.ByteOrder
	// offset and strides are in elements; nil strides are contiguous.
	offset  int64
	strides []int64
	// values holds the elements of a tensor that is not in a file.
	values []float32
}

// maxRank bounds a tensor's dimensions.
const maxRank = 32

// newTensor checks that the elements lie inside the storage, and that there
// are no more of them than the storage has: so nobody can be made to take
// more memory than the file is large.
func newTensor(name string, dtype DType, shape []int64, strides []int64, offset int64, data storage, order binary.ByteOrder) (*Tensor, error) {
	n, err := countElements(shape)
	if err != nil {
		return nil, named(err, name)
	}
	t := &Tensor{name: name, dtype: dtype, data: data, order: order, offset: offset}
	for _, d := range shape {
		t.shape = append(t.shape, int(d))
	}
	have := data.size() / int64(dtype.Size())
	if n == 0 {
		return t, nil
	}
	if n > have {
		return nil, malformed("%s: %v has %d elements, its storage %d", name, shape, n, have)
	}
	last := offset + n - 1
	if strides != nil && !contiguous(shape, strides) {
		t.strides = strides
		if last, err = lastElement(shape, strides, offset, have); err != nil {
			return nil, named(err, name)
		}
	}
	if offset < 0 || offset > have || last < offset || last >= have {
		return nil, malformed("%s: %v from element %d on does not fit a storage of %d elements", name, shape, offset, have)
	}
	return t, nil
}

// countElements multiplies a shape out.
func countElements(shape []int64) (int64, error) {
	if len(shape) > maxRank {
		return 0, malformed("%d dimensions, at most %d are possible", len(shape), maxRank)
	}
	n := int64(1)
	for _, d := range shape {
		if d < 0 {
			return 0, malformed("shape %v: a dimension is negative", shape)
		}
		if d > 0 && n > math.MaxInt32*1024/d {
			return 0, malformed("shape %v: too many elements", shape)
		}
		n *= d
	}
	return n, nil
}

// contiguous reports whether strides are those of a row-major tensor; the
// stride of a dimension of one does not matter.
func contiguous(shape, strides []int64) bool {
	n := int64(1)
	for i := len(shape) - 1; i >= 0; i-- {
		if shape[i] != 1 && strides[i] != n {
			return false
		}
		n *= shape[i]
	}
	return true
}

// lastElement is the largest index that a strided tensor reads.
func lastElement(shape, strides []int64, offset, have int64) (int64, error) {
	last := offset
	for i, s := range strides {
		if s < 0 || s > have {
			return 0, malformed("stride %d in a storage of %d elements", s, have)
		}
		last += s * (shape[i] - 1) // both at most have
		if last > have {
			return 0, malformed("shape %v with strides %v reaches beyond a storage of %d elements", shape, strides, have)
		}
	}
	return last, nil
}

// Name is the key in the checkpoint.
func (t *Tensor) Name() string { return t.name }

// DType is the elements' type in the file.
func (t *Tensor) DType() DType { return t.dtype }

// Shape returns a copy of the extents, as PyTorch has them; a scalar has none.
func (t *Tensor) Shape() []int { return append([]int(nil), t.shape...) }

// Len is the number of elements.
func (t *Tensor) Len() int {
	n := 1
	for _, d := range t.shape {
		n *= d
	}
	return n
}

// Float32s reads the elements, in row-major order.
func (t *Tensor) Float32s() ([]float32, error) {
	dst := make([]float32, t.Len())
	return dst, t.ReadFloat32(dst)
}

// Tensor reads the elements into a tensor. A scalar has the shape 1.
func (t *Tensor) Tensor() (*ops.Tensor, error) {
	data, err := t.Float32s()
	if err != nil {
		return nil, err
	}
	if len(t.shape) == 0 {
		return ops.FromSlice(data, 1)
	}
	return ops.FromSlice(data, t.shape...)
}

// ReadFloat32 reads the elements into dst, which must have Len elements, in
// row-major order. Other types are converted.
func (t *Tensor) ReadFloat32(dst []float32) error {
	if len(dst) != t.Len() {
		return unfit("%s has %d elements, the destination %d", t.name, t.Len(), len(dst))
	}
	if len(dst) == 0 {
		return nil
	}
	if t.values != nil {
		copy(dst, t.values)
		return nil
	}
	if t.strides != nil {
		return named(t.readStrided(dst), t.name)
	}
	return named(t.read(dst, t.offset), t.name)
}

// chunk is how many bytes are in memory while a tensor is read.
const chunk = 64 << 10

// read reads consecutive elements of the storage.
func (t *Tensor) read(dst []float32, from int64) error {
	size := int64(t.dtype.Size())
	r, err := t.data.open(from*size, int64(len(dst))*size)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	inPlace := t.dtype == F32 && t.order == native
	var own []byte
	if !inPlace {
		own = make([]byte, min(chunk, len(dst)*int(size)))
	}
	for len(dst) > 0 {
		n := min(len(dst), chunk/int(size))
		buf := own
		if inPlace {
			buf = bytesOf(dst[:n])
		}
		if _, err := io.ReadFull(r, buf[:n*int(size)]); err != nil {
			if errors.Is(err, ErrFormat) {
				return err
			}
			return malformed("reading the elements: %v", err)
		}
		if !inPlace {
			t.dtype.convert(dst[:n], buf, t.order)
		}
		dst = dst[n:]
	}
	return nil
}

// readStrided reads the stretch of the storage that a view spans, and picks
// its elements.
func (t *Tensor) readStrided(dst []float32) error {
	all := make([]float32, t.span())
	if err := t.read(all, t.offset); err != nil {
		return err
	}
	i := 0
	for at := range t.places() {
		dst[i] = all[at]
		i++
	}
	return nil
}

// span is how many elements of its storage a view reaches over.
func (t *Tensor) span() int64 {
	span := int64(1)
	for i, s := range t.strides {
		span += s * int64(t.shape[i]-1)
	}
	return span
}

// places are where a view's elements lie in that stretch, in row-major order.
func (t *Tensor) places() iter.Seq[int64] {
	return func(yield func(int64) bool) {
		index := make([]int, len(t.shape))
		at := int64(0)
		for range t.Len() {
			if !yield(at) {
				return
			}
			for d := len(index) - 1; d >= 0; d-- {
				index[d]++
				at += t.strides[d]
				if index[d] < t.shape[d] {
					break
				}
				at -= t.strides[d] * int64(t.shape[d])
				index[d] = 0
			}
		}
	}
}
