package model

import (
	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/names"
)

// ErrNode is wrapped by the error of a name or pattern that no node has.
var ErrNode = errors.New("unknown node")

// Find returns the node that computes what a name stands for: a node, the
// output of a container such as layer3, or another spelling of either.
func (m *Model) Find(name string) (*graph.Node, error) {
	canonical := m.spec.Canonical(name)
	if n := m.spec.Graph.Node(canonical); n != nil && !isInput(n) {
		return n, nil
	}
	if c, ok := m.spec.Graph.Module(canonical); ok {
		return c.Output, nil
	}
	return nil, m.unknown(name)
}

func (m *Model) unknown(name string) error {
	return errors.Wrapf(ErrNode, "%q%s", name, names.DidYouMean(m.spec.Canonical(name), m.Names()))
}

// Names lists every node and container, in the order of execution, containers
// after what they contain.
func (m *Model) Names() []string {
	ends := map[*graph.Node][]string{}
	for _, c := range m.spec.Graph.Modules() {
		ends[c.Output] = append(ends[c.Output], c.Name)
	}
	var list []string
	for _, n := range m.spec.Graph.Nodes() {
		if !isInput(n) {
			list = append(list, n.Name)
		}
		list = append(list, ends[n]...)
	}
	return list
}

// matching lists the hook points that a name or glob, see names.Glob, stands
// for. The name of a module that is called several times stands for every call.
func (m *Model) matching(pattern string, pre bool) ([]point, error) {
	glob, err := names.Glob(m.spec.Canonical(pattern))
	if err != nil {
		return nil, errors.Wrap(ErrNode, err.Error())
	}
	match := func(name string) bool { return name != "" && glob(name) }
	var list []point
	for _, n := range m.spec.Graph.Nodes() {
		if isInput(n) || !match(n.Name) && !match(n.Module) {
			continue
		}
		if !pre {
			list = append(list, point{node: n})
			continue
		}
		for i := range n.Inputs {
			list = append(list, point{node: n, pre: true, input: i})
		}
	}
	for i, c := range m.spec.Graph.Modules() {
		if match(c.Name) {
			list = append(list, point{module: &m.spec.Graph.Modules()[i], rank: i, pre: pre})
		}
	}
	if len(list) == 0 {
		return nil, m.unknown(pattern)
	}
	return list, nil
}

func isInput(n *graph.Node) bool {
	_, ok := n.Op.(graph.Input)
	return ok
}
