package graph

import (
	"fmt"

	"github.com/pkg/errors"
)

// Op is an operator with its attributes. Ops are values: two equal ops
// compute the same.
type Op interface {
	// Kind names the operator in plans and messages: "conv", "maxpool".
	Kind() string
	// Infer checks attributes and input shapes and returns the output's
	// shape. Its errors wrap ErrShape and do not name the node.
	Infer(in []Shape) (Shape, error)
	// Params lists the parameters in the order that kernels take them.
	Params() []Param
	// MACs counts multiply-adds as the paper and torchvision do: those of
	// convolutions and fully connected layers.
	MACs(in []Shape, out Shape) int64
}

// Param is a parameter of an operator.
type Param struct {
	// Suffix follows the module's path in a checkpoint key: "weight".
	Suffix string
	Shape  Shape
	// Role tells how to initialise it.
	Role Role
}

// Role is what a parameter is for.
type Role uint8

// The roles of parameters.
const (
	RoleWeight Role = iota // of a convolution or linear layer
	RoleBias               // added
	RoleScale              // of a normalisation
	RoleMean               // running mean
	RoleVar                // running variance
)

// noParams is embedded by operators without parameters and multiply-adds.
type noParams struct{}

func (noParams) Params() []Param           { return nil }
func (noParams) MACs([]Shape, Shape) int64 { return 0 }

// maxAttr bounds kernel sizes, strides, paddings and the like.
const maxAttr = 1 << 20

// checkAttr reports a kernel size, stride or the like that is out of range.
func checkAttr(name string, least int, values ...int) error {
	for _, v := range values {
		if v < least || v > maxAttr {
			return errors.Wrapf(ErrShape, "%s %v: want %d to %d", name, values, least, maxAttr)
		}
	}
	return nil
}

// checkInputs reports a wrong number of inputs, or inputs that are not
// N×C×H×W where rank is 4, N×F where it is 2. Rank 0 takes any.
func checkInputs(in []Shape, count, rank int) error {
	if len(in) != count {
		return errors.Wrapf(ErrShape, "%d inputs, want %d", len(in), count)
	}
	for _, s := range in {
		if err := s.Check(); err != nil {
			return err
		}
		if rank > 0 && len(s) != rank {
			return errors.Wrapf(ErrShape, "input is %v, want %s", s, rankName(rank))
		}
	}
	return nil
}

func rankName(rank int) string {
	switch rank {
	case 2:
		return "N×F"
	case 4:
		return "N×C×H×W"
	}
	return fmt.Sprintf("rank %d", rank)
}

// maps returns the N×C×h×w shape, or an error where the window left nothing.
func maps(in Shape, channels, h, w int) (Shape, error) {
	if h <= 0 || w <= 0 {
		return nil, errors.Wrapf(ErrShape, "input %v is too small: the output would be %dx%d", in, h, w)
	}
	out := Shape{in[0], channels, h, w}
	return out, out.Check()
}
