package graph

// Import copies what the wanted nodes of another graph need into g, every name
// and module with prefix in front ("backbone.body."), and returns the copies
// by their originals. stand maps nodes of the other graph to nodes of g that
// take their place, as an input does; they are not copied. Containers come
// along where their output does.
func (g *Graph) Import(prefix string, src *Graph, stand map[*Node]*Node, wanted ...*Node) map[*Node]*Node {
	copies := map[*Node]*Node{}
	for original, replacement := range stand {
		copies[original] = replacement
	}
	for _, n := range src.Ancestors(wanted...) {
		if copies[n] != nil {
			continue
		}
		inputs := make([]*Node, len(n.Inputs))
		for i, in := range n.Inputs {
			inputs[i] = copies[in]
		}
		module := n.Module
		if module != "" {
			module = prefix + module
		}
		copies[n] = g.add(prefix+n.Name, module, n.Op, inputs)
	}
	for _, m := range src.modules {
		if in, out := copies[m.Input], copies[m.Output]; in != nil && out != nil {
			g.Contain(prefix+m.Name, in, out)
		}
	}
	return copies
}
