package backbone

import (
	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/engine"
	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/model"
	"github.com/vertebra-vision/vertebra/weights"
)

// Param names a parameter and gives its shape.
type Param = model.Param

// NodeSummary describes one node for an input size.
type NodeSummary = model.NodeSummary

// Params lists the parameters, running statistics included, under their
// checkpoint keys.
func (n *Network) Params() []Param { return n.model.Params() }

// NumParams counts the trainable parameters, as torchvision publishes them:
// running statistics do not count.
func (n *Network) NumParams() int64 { return n.model.NumParams() }

// StateDict returns the weights. They share the network's memory and must not
// be changed.
func (n *Network) StateDict() (*weights.StateDict, error) { return n.model.StateDict() }

// Summary lists every node with its output's shape, parameters and
// multiply-adds for an input of the given shape, N×C×H×W.
func (n *Network) Summary(input ...int) ([]NodeSummary, error) {
	list, err := n.model.Summary(input)
	return list, errors.WithMessage(err, n.config.Name)
}

// MACs counts the multiply-adds of a whole forward pass on an input of the
// given shape, those of convolutions and the classifier, as the paper's Table
// 1 and torchvision count "FLOPs".
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
// named nodes, Forward's without names. Present hooks are part of it.
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
