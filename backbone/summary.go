package backbone

import (
	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/engine"
	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/weights"
)

// Param is a parameter, or a running statistic, of a network.
type Param struct {
	// Name is the checkpoint key: layer1.0.conv1.weight.
	Name string
	// Shape is as PyTorch has it: out×in/groups×kh×kw for a convolution.
	Shape []int
}

// Params lists the parameters, running statistics included, in the order of
// execution.
func (n *Network) Params() []Param {
	params := n.model.Params()
	list := make([]Param, len(params))
	for i, p := range params {
		list[i] = Param(p)
	}
	return list
}

// NumParams counts the trainable parameters, as torchvision publishes them:
// running statistics do not count.
func (n *Network) NumParams() int64 { return n.model.NumParams() }

// StateDict returns the weights. They share the network's memory and must not
// be changed.
func (n *Network) StateDict() (*weights.StateDict, error) { return n.model.StateDict() }

// NodeSummary describes one node for an input size.
type NodeSummary struct {
	// Name is the node's, as Run takes it: layer1.0.conv1.
	Name string
	// Op is what it computes: conv, batchnorm, relu, add …
	Op string
	// Shape is that of its output, N×C×H×W or N×F.
	Shape []int
	// Params counts its trainable parameters.
	Params int64
	// MACs counts its multiply-adds; only convolutions and linear layers have
	// any.
	MACs int64
}

// Summary lists every node for an input of the given shape, N×C×H×W, in the
// order of execution. Errors about the shape wrap ops.ErrShape.
func (n *Network) Summary(input ...int) ([]NodeSummary, error) {
	nodes, err := n.model.Summary(input)
	if err != nil {
		return nil, errors.WithMessage(err, n.config.Name)
	}
	list := make([]NodeSummary, len(nodes))
	for i, node := range nodes {
		list[i] = NodeSummary(node)
	}
	return list, nil
}

// MACs counts the multiply-adds of a whole forward pass on an input of the
// given shape, those of convolutions and the classifier, as the paper's Table
// 1 and torchvision count "FLOPs". Errors are Summary's.
func (n *Network) MACs(input ...int) (int64, error) {
	list, err := n.Summary(input...)
	var sum int64
	for _, node := range list {
		sum += node.MACs
	}
	return sum, err
}

// Plan is how the engine computes some nodes from inputs of one shape. Print
// it to see a table of its steps.
type Plan struct{ plan *engine.Plan }

// Plan shows the plan that Run uses for an input of the given shape and the
// named nodes, Forward's without names. Present hooks are part of it. Errors
// about names wrap [ErrNode], others are Forward's.
func (n *Network) Plan(input []int, names ...string) (*Plan, error) {
	wanted, err := n.wanted(names)
	if err != nil {
		return nil, err
	}
	p, err := n.model.Plan(input, wanted...)
	if err != nil {
		return nil, errors.WithMessage(err, n.config.Name)
	}
	return &Plan{p}, nil
}

// wanted are the nodes that names stand for; Forward's without names.
func (n *Network) wanted(names []string) ([]*graph.Node, error) {
	if len(names) == 0 {
		nodes := n.model.Graph().Nodes()
		return nodes[len(nodes)-1:], nil
	}
	nodes, _, err := n.find(names)
	return nodes, err
}

// String is a table with a line for each step: node, kernel, what is fused
// into it, shape, multiply-adds and place in the arena.
func (p *Plan) String() string { return p.plan.String() }

// MACs counts the multiply-adds that a run performs.
func (p *Plan) MACs() int64 { return p.plan.MACs() }

// ArenaBytes is the memory that a run's intermediate values share.
func (p *Plan) ArenaBytes() int64 { return p.plan.ArenaBytes() }
