package graph

// Repeat calls the inside of a container again, on another input: the copies
// compute with the same parameters, and their names have prefix in front. It
// returns the copy of the container's output; nil where there is no such
// container, or where its inside reads something else than its input.
func (g *Graph) Repeat(container, prefix string, input *Node) *Node {
	m, ok := g.Module(container)
	if !ok {
		return nil
	}
	copies := map[*Node]*Node{m.Input: input}
	for _, n := range g.nodes[:len(g.nodes):len(g.nodes)] {
		if !n.Inside(container) {
			continue
		}
		inputs := make([]*Node, len(n.Inputs))
		for i, in := range n.Inputs {
			if inputs[i] = copies[in]; inputs[i] == nil {
				return nil
			}
		}
		copies[n] = g.add(prefix+n.Name, n.Module, n.Op, inputs)
	}
	return copies[m.Output]
}
