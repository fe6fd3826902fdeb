package backbone

import (
	"github.com/vertebra-vision/vertebra/internal/graph"
)

// Append makes the network part of a larger one, for the packages of this
// module that do: it copies what its levels need into g, reading from input,
// with prefix in front of every name. It returns the levels' nodes.
func (n *Network) Append(g *graph.Graph, input *graph.Node, prefix string) (map[Level]*graph.Node, error) {
	src := n.model.Graph()
	byLevel, wanted := map[Level]*graph.Node{}, []*graph.Node{}
	for _, l := range n.Levels() {
		node, err := n.model.Find(string(l))
		if err != nil {
			return nil, err
		}
		byLevel[l] = node
		wanted = append(wanted, node)
	}
	stand := map[*graph.Node]*graph.Node{}
	for _, node := range src.Nodes() {
		if _, ok := node.Op.(graph.Input); ok {
			stand[node] = input
		}
	}
	copies := g.Import(prefix, src, stand, wanted...)
	for l, node := range byLevel {
		byLevel[l] = copies[node]
	}
	return byLevel, nil
}
