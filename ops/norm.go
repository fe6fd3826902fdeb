package ops

import "github.com/vertebra-vision/vertebra/internal/graph"

// BatchNorm is torch.nn.functional.batch_norm in eval mode: per channel of
// the N×C×H×W tensor x, (x-mean)/sqrt(variance+eps)·weight + bias. The four
// parameters have C values each.
func BatchNorm(x, weight, bias, mean, variance *Tensor, eps float64) (*Tensor, error) {
	if err := want("batchnorm: weight", weight, 1); err != nil {
		return nil, err
	}
	op := graph.BatchNorm{Channels: weight.Dim(0), Eps: eps}
	return apply(op, []*Tensor{weight, bias, mean, variance}, x)
}

// GroupNorm is torch.nn.functional.group_norm: statistics over each image's
// groups of consecutive channels. weight and bias have C values each.
func GroupNorm(x *Tensor, groups int, weight, bias *Tensor, eps float64) (*Tensor, error) {
	if err := want("groupnorm: weight", weight, 1); err != nil {
		return nil, err
	}
	op := graph.GroupNorm{Channels: weight.Dim(0), Groups: groups, Eps: eps}
	return apply(op, []*Tensor{weight, bias}, x)
}

// Softmax is torch.nn.functional.softmax over dimension 1: the classes of
// N×F logits, the channels of N×C×H×W maps.
func Softmax(x *Tensor) (*Tensor, error) { return apply(graph.Softmax{}, nil, x) }
