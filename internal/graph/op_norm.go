package graph

import "github.com/pkg/errors"

// BatchNorm is torch.nn.BatchNorm2d in eval mode: per channel,
// (x - running_mean) / sqrt(running_var + eps) * weight + bias.
type BatchNorm struct {
	Channels int
	Eps      float64
}

// Kind implements Op.
func (BatchNorm) Kind() string { return "batchnorm" }

// Infer implements Op.
func (b BatchNorm) Infer(in []Shape) (Shape, error) {
	if err := checkInputs(in, 1, 4); err != nil {
		return nil, err
	}
	return sameChannels(in[0], b.Channels)
}

// Params implements Op.
func (b BatchNorm) Params() []Param {
	s := Shape{b.Channels}
	return []Param{
		{"weight", s, RoleScale}, {"bias", s, RoleBias},
		{"running_mean", s, RoleMean}, {"running_var", s, RoleVar},
	}
}

// MACs implements Op.
func (BatchNorm) MACs([]Shape, Shape) int64 { return 0 }

// GroupNorm is torch.nn.GroupNorm over N×C×H×W.
type GroupNorm struct {
	Channels, Groups int
	Eps              float64
}

// Kind implements Op.
func (GroupNorm) Kind() string { return "groupnorm" }

// Infer implements Op.
func (g GroupNorm) Infer(in []Shape) (Shape, error) {
	if err := checkInputs(in, 1, 4); err != nil {
		return nil, err
	}
	if g.Groups < 1 || g.Channels%g.Groups != 0 {
		return nil, errors.Wrapf(ErrShape, "%d groups must divide %d channels", g.Groups, g.Channels)
	}
	return sameChannels(in[0], g.Channels)
}

// Params implements Op.
func (g GroupNorm) Params() []Param {
	s := Shape{g.Channels}
	return []Param{{"weight", s, RoleScale}, {"bias", s, RoleBias}}
}

// MACs implements Op.
func (GroupNorm) MACs([]Shape, Shape) int64 { return 0 }

func sameChannels(in Shape, channels int) (Shape, error) {
	if in[1] != channels {
		return nil, errors.Wrapf(ErrShape, "input %v has %d channels, the weight has %d", in, in[1], channels)
	}
	return in.Clone(), nil
}
