package ops

import (
	"fmt"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// ErrNonFinite is wrapped by errors about values that are NaN or infinite.
var ErrNonFinite = errors.New("not a finite number")

// NonFiniteError says where a tensor has a value that is no finite number. It
// wraps ErrNonFinite.
type NonFiniteError struct {
	// Index is the place of the first, an entry for each of the tensor's
	// dimensions: image, channel, row and column of N×C×H×W.
	Index []int
	// Value is NaN or an infinity.
	Value float32
}

// axes are the words for the dimensions of images.
var axes = []string{"image", "channel", "y", "x"}

// Error names the place.
func (e *NonFiniteError) Error() string {
	if len(e.Index) < 3 || len(e.Index) > 4 {
		return fmt.Sprintf("the value at %v is %v: %v", e.Index, e.Value, ErrNonFinite)
	}
	var place []string
	for i, name := range axes[4-len(e.Index):] {
		place = append(place, fmt.Sprintf("%s %d", name, e.Index[i]))
	}
	return fmt.Sprintf("the value at %s is %v: %v", strings.Join(place, ", "), e.Value, ErrNonFinite)
}

// Unwrap makes errors.Is(err, ErrNonFinite) true.
func (e *NonFiniteError) Unwrap() error { return ErrNonFinite }

// CheckFinite returns a [*NonFiniteError] where the tensor holds NaN or an
// infinity, of the first such value, which takes some microseconds for a
// picture. A nil tensor's error wraps ErrShape.
func (t *Tensor) CheckFinite() error {
	if t == nil {
		return errors.Wrap(ErrShape, "the tensor is nil")
	}
	at := IndexNonFinite(t.data)
	if at < 0 {
		return nil
	}
	e := &NonFiniteError{Index: make([]int, len(t.shape)), Value: t.data[at]}
	for i := len(t.shape) - 1; i >= 0; i-- {
		e.Index[i], at = at%t.shape[i], at/t.shape[i]
	}
	return e
}

// IndexNonFinite is the index of the first value that is NaN or infinite, or -1.
func IndexNonFinite(x []float32) int {
	if kernel.Finite(x) {
		return -1
	}
	for i, v := range x {
		if v-v != 0 {
			return i
		}
	}
	return -1
}
