package model

import (
	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/engine"
	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/weights"
)

// parameter is a parameter of one node.
type parameter struct {
	key   string
	node  *graph.Node
	param graph.Param
	// from is the shape of the checkpoint's values where they must be adapted.
	from []int
}

// parameters lists the model's parameters in order of execution, those of a
// module that is called several times once.
func (m *Model) parameters() []parameter {
	var list []parameter
	seen := map[string]bool{}
	for _, n := range m.spec.Graph.Nodes() {
		for _, p := range n.Op.Params() {
			if key := n.ParamKey(p); !seen[key] {
				seen[key] = true
				list = append(list, parameter{key: key, node: n, param: p})
			}
		}
	}
	return list
}

// initialise gives the parameters that are not there the values that they have
// before any checkpoint. The error is of a parent that was closed.
func (m *Model) initialise(params map[string][]float32) error {
	var inherited *engine.Params
	for _, p := range m.parameters() {
		if params[p.key] != nil {
			continue
		}
		if m.spec.Parent != nil && inherited == nil {
			s, err := m.spec.Parent.ready()
			if err != nil {
				return errors.WithMessagef(err, "%s: its value is that of the backbone that was extended", p.key)
			}
			inherited = s.params
		}
		params[p.key] = m.initial(p, inherited)
	}
	return nil
}

// initial is a parameter's value before any checkpoint: the parent's where
// that has one.
func (m *Model) initial(p parameter, inherited *engine.Params) []float32 {
	if inherited != nil {
		if data := inherited.Get(p.key); len(data) == p.param.Shape.Elems() {
			return data
		}
	}
	data := make([]float32, p.param.Shape.Elems())
	m.spec.Init(p.node, p.param, data)
	return data
}

// Param names a parameter.
type Param struct {
	// Name is the checkpoint key: layer1.0.conv1.weight.
	Name string
	// Shape is as PyTorch has it.
	Shape []int
}

// Params lists the parameters, running statistics included.
func (m *Model) Params() []Param {
	var list []Param
	for _, p := range m.parameters() {
		list = append(list, Param{p.key, p.param.Shape.Clone()})
	}
	return list
}

// NumParams counts the trainable parameters: not the running statistics.
func (m *Model) NumParams() int64 {
	var sum int64
	for _, p := range m.parameters() {
		if p.param.Role != graph.RoleMean && p.param.Role != graph.RoleVar {
			sum += int64(p.param.Shape.Elems())
		}
	}
	return sum
}

// StateDict returns the weights, sharing their memory: they must not be
// changed.
func (m *Model) StateDict() (*weights.StateDict, error) {
	s, err := m.ready()
	if err != nil {
		return nil, err
	}
	sd := weights.New()
	for _, p := range m.parameters() {
		t, err := tensorOf(s.params.Get(p.key), p.param.Shape)
		if err != nil {
			return nil, err
		}
		if err := sd.Put(p.key, t); err != nil {
			return nil, err
		}
	}
	return sd, nil
}

// NodeSummary describes one node for an input size.
type NodeSummary struct {
	Name   string
	Op     string
	Shape  []int
	Params int64
	MACs   int64
}

// Summary lists every node with its output's shape, trainable parameters and
// multiply-adds, for an input of the given shape.
func (m *Model) Summary(input []int) ([]NodeSummary, error) {
	nodes := m.spec.Graph.Nodes()
	shapes, err := graph.Infer(nodes, input)
	if err != nil {
		return nil, err
	}
	var list []NodeSummary
	for _, n := range nodes {
		if isInput(n) {
			continue
		}
		s := NodeSummary{Name: n.Name, Op: n.Op.Kind(), Shape: shapes[n], MACs: graph.NodeMACs(n, shapes)}
		for _, p := range n.Op.Params() {
			if p.Role != graph.RoleMean && p.Role != graph.RoleVar {
				s.Params += int64(p.Shape.Elems())
			}
		}
		list = append(list, s)
	}
	return list, nil
}
