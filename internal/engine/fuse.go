package engine

import (
	"slices"

	"github.com/vertebra-vision/vertebra/internal/graph"
)

// fuse folds batch normalisations, residual additions and activations into
// the unit that computes their input, where nothing else needs that input.
// A fused unit takes the place of the last one folded into it, so the tensor
// that it adds has been computed by then.
func fuse(units []*unit) []*unit {
	reader := map[*value]*unit{} // the only one, where users is 1
	place := map[*unit]int{}
	for i, u := range units {
		place[u] = i
		for _, in := range u.inputs {
			reader[in] = u
		}
	}
	gone := map[*unit]bool{}
	for _, u := range units {
		for !gone[u] && u.out.users == 1 && u.out.output < 0 {
			next := reader[u.out]
			if !u.fold(next) {
				break
			}
			for _, in := range next.inputs {
				reader[in] = u
			}
			u.fused = append(u.fused, next.node)
			u.out = next.out
			place[u] = place[next]
			gone[next] = true
		}
	}
	units = slices.DeleteFunc(units, func(u *unit) bool { return gone[u] })
	slices.SortFunc(units, func(a, b *unit) int { return place[a] - place[b] })
	return units
}

// fold takes the only reader of the unit's output into the unit, if it can.
func (u *unit) fold(next *unit) bool {
	if next.tap >= 0 || u.act.Func != graph.Identity {
		return false
	}
	switch op := next.op().(type) {
	case graph.BatchNorm:
		if !u.isConv() || u.norm != nil || u.residual {
			return false
		}
		u.norm = next.node
	case graph.Add:
		if !u.isConv() || u.residual || next.inputs[0] == next.inputs[1] {
			return false
		}
		other := next.inputs[0]
		if other == u.out {
			other = next.inputs[1]
		}
		u.inputs = append(u.inputs, other)
		u.residual = true
	case graph.Activation:
		if !u.takesActivation() {
			return false
		}
		u.act = op
	default:
		return false
	}
	return true
}

func (u *unit) isConv() bool {
	_, ok := u.op().(graph.Conv)
	return ok
}

func (u *unit) takesActivation() bool {
	switch u.op().(type) {
	case graph.Conv, graph.Linear, graph.BatchNorm, graph.GroupNorm, graph.Add:
		return true
	}
	return false
}
