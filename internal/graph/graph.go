package graph

import (
	"strconv"
	"strings"

	"github.com/pkg/errors"
)

// Node is an operator in a graph, and the value it computes.
type Node struct {
	// Name is unique in the graph: the module's path, with _1, _2 … where a
	// module is called again (torchvision's feature-extraction names).
	Name string
	// Module is the path of the torch.nn module that computes the node, the
	// prefix of its checkpoint keys. It is empty where PyTorch calls a
	// function, as for additions.
	Module string
	Op     Op
	Inputs []*Node
}

// ParamKey is the checkpoint key of one of the node's parameters.
func (n *Node) ParamKey(p Param) string { return n.Module + "." + p.Suffix }

// Module is a container such as layer1 or layer1.0.downsample: a stretch of
// the graph with one input and one output.
type Module struct {
	Name          string
	Input, Output *Node
}

// Graph is a network. Its nodes are in topological order; it does not change
// once built.
type Graph struct {
	nodes   []*Node
	byName  map[string]*Node
	modules []Module
}

// New returns an empty graph.
func New() *Graph { return &Graph{byName: map[string]*Node{}} }

// Nodes lists the nodes in topological order. The slice must not be changed.
func (g *Graph) Nodes() []*Node { return g.nodes }

// Modules lists the containers, inner ones before the ones around them.
func (g *Graph) Modules() []Module { return g.modules }

// Node finds a node by its name; nil where there is none.
func (g *Graph) Node(name string) *Node { return g.byName[name] }

// Module finds a container by its name.
func (g *Graph) Module(name string) (Module, bool) {
	for _, m := range g.modules {
		if m.Name == name {
			return m, true
		}
	}
	return Module{}, false
}

// Call adds a node that calls the module of that path. The first call is
// named like the module; a second call is named with _1 and so on. Calling a
// parameterless module, such as one ReLU, several times is common.
func (g *Graph) Call(module string, op Op, inputs ...*Node) *Node {
	return g.add(module, module, op, inputs)
}

// Func adds a node that no module computes: an addition, a flatten.
func (g *Graph) Func(name string, op Op, inputs ...*Node) *Node {
	return g.add(name, "", op, inputs)
}

func (g *Graph) add(name, module string, op Op, inputs []*Node) *Node {
	unique := name
	for i := 1; g.byName[unique] != nil; i++ {
		unique = name + "_" + strconv.Itoa(i)
	}
	n := &Node{Name: unique, Module: module, Op: op, Inputs: inputs}
	g.nodes = append(g.nodes, n)
	g.byName[unique] = n
	return n
}

// Contain records that everything added since is the inside of a container.
func (g *Graph) Contain(name string, input, output *Node) {
	g.modules = append(g.modules, Module{Name: name, Input: input, Output: output})
}

// Inside reports whether a node lies in the container of that path.
func (n *Node) Inside(container string) bool {
	return strings.HasPrefix(n.Name, container+".")
}

// Infer computes the shape of every node that the wanted ones need, given the
// shape of the tensor at each Input, which all take the same.
func Infer(order []*Node, input Shape) (map[*Node]Shape, error) {
	shapes := make(map[*Node]Shape, len(order))
	for _, n := range order {
		in := []Shape{input}
		if _, ok := n.Op.(Input); !ok {
			in = in[:0]
			for _, i := range n.Inputs {
				in = append(in, shapes[i])
			}
		}
		out, err := n.Op.Infer(in)
		if err != nil {
			return nil, errors.WithMessage(err, n.Name)
		}
		shapes[n] = out
	}
	return shapes, nil
}

// Ancestors returns the wanted nodes and all they need, in topological order.
func (g *Graph) Ancestors(wanted ...*Node) []*Node {
	needed := map[*Node]bool{}
	for _, n := range wanted {
		needed[n] = true
	}
	for i := len(g.nodes) - 1; i >= 0; i-- {
		if needed[g.nodes[i]] {
			for _, in := range g.nodes[i].Inputs {
				needed[in] = true
			}
		}
	}
	var order []*Node
	for _, n := range g.nodes {
		if needed[n] {
			order = append(order, n)
		}
	}
	return order
}

// MACs sums the multiply-adds of nodes whose shapes are known.
func MACs(order []*Node, shapes map[*Node]Shape) int64 {
	var sum int64
	for _, n := range order {
		sum += NodeMACs(n, shapes)
	}
	return sum
}

// NodeMACs counts one node's multiply-adds.
func NodeMACs(n *Node, shapes map[*Node]Shape) int64 {
	in := make([]Shape, len(n.Inputs))
	for i, x := range n.Inputs {
		in[i] = shapes[x]
	}
	return n.Op.MACs(in, shapes[n])
}
