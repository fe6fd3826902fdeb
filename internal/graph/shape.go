package graph

import (
	"math"
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// ErrShape is wrapped by every error about a tensor's shape: a wrong rank,
// a channel count that disagrees with the weights, a map that shrank to
// nothing, a size that overflows.
var ErrShape = errors.New("invalid shape")

// Shape is a tensor's extent: N×C×H×W for maps, N×F for vectors.
type Shape []int

// String writes the shape as "1x3x224x224".
func (s Shape) String() string {
	if len(s) == 0 {
		return "scalar"
	}
	var b strings.Builder
	for i, d := range s {
		if i > 0 {
			b.WriteByte('x')
		}
		b.WriteString(strconv.Itoa(d))
	}
	return b.String()
}

// Elems is the number of elements. Use it on shapes that passed Check.
func (s Shape) Elems() int {
	n := 1
	for _, d := range s {
		n *= d
	}
	return n
}

// Equal reports whether both shapes have the same rank and extents.
func (s Shape) Equal(t Shape) bool {
	if len(s) != len(t) {
		return false
	}
	for i := range s {
		if s[i] != t[i] {
			return false
		}
	}
	return true
}

// Clone returns an independent copy.
func (s Shape) Clone() Shape { return append(Shape(nil), s...) }

// maxElems keeps 4*Elems inside an int everywhere, 32-bit targets included.
const maxElems = math.MaxInt / 8

// Check reports an error wrapping ErrShape unless every extent is positive
// and the number of elements is representable.
func (s Shape) Check() error {
	if len(s) == 0 {
		return errors.Wrap(ErrShape, "a tensor needs at least one dimension")
	}
	n := 1
	for _, d := range s {
		if d <= 0 {
			return errors.Wrapf(ErrShape, "%v: every dimension must be positive", s)
		}
		if d > maxElems/n {
			return errors.Wrapf(ErrShape, "%v: too many elements", s)
		}
		n *= d
	}
	return nil
}
