package engine

import (
	"slices"

	"github.com/vertebra-vision/vertebra/internal/graph"
)

// Tap is a place where a hook sees a value and may replace it.
type Tap struct {
	// Node computes the value.
	Node *graph.Node
	// Readers limits the replacement to some readers of the value, as a
	// pre-hook does: it changes what a module reads, not what others do. Nil
	// is every reader, and the caller where the node is wanted.
	Readers func(*graph.Node) bool
}

// insertTaps adds a unit for each tap whose value the plan computes. Taps on
// one value act in the order of the list, each on what the one before left.
func insertTaps(units []*unit, taps []Tap, wanted []*value) ([]*unit, []*value) {
	current := map[*graph.Node]*value{}
	for _, u := range units {
		current[u.node] = u.out
	}
	for i, tap := range taps {
		v := current[tap.Node]
		if v == nil {
			continue
		}
		if tap.Readers == nil {
			units, current[tap.Node] = insertAfter(units, v, i)
			for j, w := range wanted {
				if w == v {
					wanted[j] = current[tap.Node]
				}
			}
		} else {
			units = insertBefore(units, tap, i)
		}
	}
	return units, wanted
}

// newTap makes the unit of a tap on a value.
func newTap(v *value, index int) *unit {
	n := &graph.Node{Name: v.node.Name, Op: graph.Tap{Index: index}}
	u := &unit{node: n, inputs: []*value{v}, tap: index}
	u.out = &value{node: v.node, shape: v.shape, output: -1}
	v.users++
	return u
}

// insertAfter puts a tap between a value and all its readers.
func insertAfter(units []*unit, v *value, index int) ([]*unit, *value) {
	at := slices.IndexFunc(units, func(u *unit) bool { return u.out == v })
	tap := newTap(v, index)
	for _, u := range units {
		u.replaceInput(v, tap.out)
	}
	return slices.Insert(units, at+1, tap), tap.out
}

// insertBefore puts a tap between a value and the readers that it is for.
// They all read the same value by now: taps of containers come before those
// of what is inside.
func insertBefore(units []*unit, tap Tap, index int) []*unit {
	first := -1
	var v *value
	for i, u := range units {
		if u.tap >= 0 || !tap.Readers(u.node) {
			continue
		}
		for _, in := range u.inputs {
			if in.node == tap.Node && v == nil {
				first, v = i, in
			}
		}
	}
	if v == nil {
		return units
	}
	t := newTap(v, index)
	for _, u := range units {
		if u.tap < 0 && tap.Readers(u.node) {
			u.replaceInput(v, t.out)
		}
	}
	return slices.Insert(units, first, t)
}
