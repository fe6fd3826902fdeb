package engine

import (
	"fmt"
	"slices"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/choose"
)

// A batch need not pass through a network all at once. Where its maps are
// large, computing some steps in rounds of one or a few images keeps what the
// steps hand on in cache, and gives each worker rounds of its own; where its
// weights are large, that would read them again for every round.

// rounds is how a run of units is computed: some images at a time.
type rounds struct{ images, count int }

// String is for people to read.
func (r *rounds) String() string {
	if r == nil {
		return "1"
	}
	return fmt.Sprintf("%d of %d", r.count, r.images)
}

// assignRounds tells which units are computed in rounds, and of how many
// images, by what costs the least traffic to memory.
func assignRounds(units []*unit, images int, opt Options) {
	sizes := roundSizes(images, max(1, opt.Workers))
	if len(sizes) == 1 {
		return
	}
	costs := roundCosts{images: images, cache: opt.Cache, direct: opt.Direct}
	if costs.cache == 0 {
		costs.cache = typicalCache
	}
	var current *rounds
	for i, size := range costs.cheapest(units, sizes) {
		switch {
		case size == images:
			current = nil
		case current == nil || current.images != size:
			current = &rounds{size, images / size}
		}
		units[i].rounds = current
	}
	markLocal(units)
}

// roundSizes lists the images that a round may have, the whole batch first.
// Each worker computes rounds alone, so there must be as many for each, or so
// many that one more or less is little.
func roundSizes(images, workers int) []int {
	sizes := []int{images}
	for n := images - 1; n >= 1; n-- {
		if images%n == 0 && (images/n%workers == 0 || images/n >= 4*workers) {
			sizes = append(sizes, n)
		}
	}
	return sizes
}

// roundCosts are in floats that come from or go to memory.
type roundCosts struct {
	images int
	cache  int // bytes
	direct bool
}

// What the model takes a worker's share of the caches to be, where nobody
// tells, and what weights cost that are read again, against activations:
// they are fetched ahead of their use.
const (
	typicalCache = 4 << 20
	rereadCost   = 0.3
)

// cheapest picks the size of each unit's rounds: the path of least cost
// through the units, where changing the size costs the values that cross.
func (c roundCosts) cheapest(units []*unit, sizes []int) []int {
	crossing := liveFloats(units)
	best := make([]float64, len(sizes)) // of the paths to a unit with each size
	from := make([][]int, len(units))
	for i, u := range units {
		least := 0
		for k := range sizes {
			if best[k] < best[least] {
				least = k
			}
		}
		next := make([]float64, len(sizes))
		from[i] = make([]int, len(sizes))
		for k, size := range sizes {
			next[k], from[i][k] = best[k], k
			change := best[least] + float64(crossing[i])
			if change < best[k] {
				next[k], from[i][k] = change, least
			}
			next[k] += c.unit(u, size)
		}
		best = next
	}
	last := 0
	for k := range sizes {
		if best[k] < best[last] {
			last = k
		}
	}
	path := make([]int, len(units))
	for i := len(units) - 1; i >= 0; i-- {
		path[i] = sizes[last]
		last = from[i][last]
	}
	return path
}

// never is the cost of what cannot be.
const never = 1e30

// unit is what computing a unit costs in rounds of the given size.
func (c roundCosts) unit(u *unit, size int) float64 {
	if size < c.images && !u.perImage(c.images) {
		return never
	}
	maps := u.out.floats()
	for _, v := range u.inputs {
		maps += v.floats()
	}
	live := 4 * float64(maps) / float64(c.images) * float64(size) / float64(c.cache)
	spilled := float64(maps) * min(1, max(0, live-1))
	rounds := float64(c.images / size)
	return spilled + rereadCost*float64(u.weightFloats(c.direct))*(rounds-1)
}

// weightFloats is the size of a unit's weights as kernels read them.
func (u *unit) weightFloats(direct bool) int {
	n := 0
	for _, p := range u.op().Params() {
		n += p.Shape.Elems()
	}
	c, ok := u.op().(graph.Conv)
	if !ok || direct || !kernel.Blocked() {
		return n
	}
	spec := u.convSpec(c)
	return int(float64(n) * choose.Fastest(spec, u.inputs[0].layout).Growth(spec))
}

// perImage reports whether a unit computes each image of a batch on its own,
// and nobody looks at the whole batch before the next unit runs.
func (u *unit) perImage(images int) bool {
	for _, v := range append(slices.Clone(u.inputs), u.out) {
		if len(v.shape) != 4 || v.shape[0] != images {
			return false
		}
	}
	switch u.op().(type) {
	case graph.Conv, graph.BatchNorm, graph.Scale, graph.GroupNorm, graph.Activation, graph.Add, relayout,
		graph.MaxPool, graph.AvgPool, graph.AdaptiveAvgPool, graph.Concat, graph.Pad, graph.Subsample, graph.Resize:
		return true
	}
	return false
}

// liveFloats is the size of the values that are made before each unit and
// read by it or after it.
func liveFloats(units []*unit) []int {
	live := make([]int, len(units))
	last := lastUses(units)
	for i, u := range units {
		for j := i + 1; j <= last[u.out]; j++ {
			live[j] += u.out.floats()
		}
	}
	return live
}

// markLocal finds the values that only the units of one run of rounds see:
// they need memory for one round.
func markLocal(units []*unit) {
	seenBy := map[*value]*rounds{}
	for _, u := range units {
		if u.rounds != nil && u.out.output < 0 {
			seenBy[u.out] = u.rounds
		}
		for _, v := range u.inputs {
			if seenBy[v] != u.rounds {
				delete(seenBy, v)
			}
		}
	}
	for v, r := range seenBy {
		v.images = r.images
	}
}

// gather makes one unit of each run of units that are computed in rounds.
func gather(units []*unit) []*unit {
	var list []*unit
	for i := 0; i < len(units); {
		n := 1
		for r := units[i].rounds; r != nil && i+n < len(units) && units[i+n].rounds == r; n++ {
		}
		if units[i].rounds == nil {
			list = append(list, units[i])
		} else {
			list = append(list, sectionOf(units[i:i+n]))
		}
		i += n
	}
	return list
}

// sectionOf makes the unit that computes others in rounds. Its inputs are the
// values that they read of the rest of the plan.
func sectionOf(inner []*unit) *unit {
	s := &unit{node: inner[0].node, tap: -1, rounds: inner[0].rounds, inner: inner}
	for _, u := range inner {
		for _, v := range u.inputs {
			if v.images == 0 && !slices.Contains(s.inputs, v) && !slices.Contains(s.made, v) {
				s.inputs = append(s.inputs, v)
			}
		}
		if u.out.images == 0 {
			s.made = append(s.made, u.out)
		}
	}
	return s
}
