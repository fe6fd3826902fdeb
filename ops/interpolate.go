package ops

import (
	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/graph"
)

// InterpolateMode is how Interpolate samples.
type InterpolateMode string

const (
	// Nearest is mode='nearest'.
	Nearest InterpolateMode = "nearest"
	// Bilinear is mode='bilinear', align_corners=False.
	Bilinear InterpolateMode = "bilinear"
	// BilinearAlignCorners is mode='bilinear', align_corners=True.
	BilinearAlignCorners InterpolateMode = "bilinear_align_corners"
)

// InterpolateOptions says how large the output is: Size or Scale, height
// first, exactly one of them.
type InterpolateOptions struct {
	Mode  InterpolateMode // default Nearest, as in PyTorch
	Size  [2]int
	Scale [2]float64
}

// Interpolate is torch.nn.functional.interpolate without antialiasing on an
// N×C×H×W tensor.
func Interpolate(x *Tensor, opt InterpolateOptions) (*Tensor, error) {
	op := graph.Resize{Size: opt.Size, Scale: opt.Scale}
	switch opt.Mode {
	case Nearest, "":
		op.Mode = graph.Nearest
	case Bilinear:
		op.Mode = graph.Bilinear
	case BilinearAlignCorners:
		op.Mode = graph.BilinearAlignCorners
	default:
		return nil, errors.Wrapf(ErrShape, "interpolate: mode %q, want %q, %q or %q", opt.Mode, Nearest, Bilinear, BilinearAlignCorners)
	}
	if (opt.Size == [2]int{}) == (opt.Scale == [2]float64{}) {
		return nil, errors.Wrap(ErrShape, "interpolate: set Size or Scale, one of them")
	}
	return apply(op, nil, x)
}
