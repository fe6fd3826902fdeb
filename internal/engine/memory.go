package engine

import (
	"cmp"
	"slices"

	"github.com/vertebra-vision/vertebra/internal/graph"
)

// alignment of buffers in floats: a cache line.
const alignment = 16

// buffer is a stretch of the arena, alive from one unit to another.
type buffer struct {
	size       int // floats
	start, end int // units, inclusive
	offset     int
}

// layout gives every intermediate value and every unit's scratch a place in
// one arena.
type layout struct {
	values  map[*value]*buffer // not for the input and the outputs
	scratch []*buffer          // by unit, nil for none
	size    int                // of the arena in floats
}

// planMemory lays out an arena for the values that belong in it. scratch has
// the floats that each unit needs.
func planMemory(units []*unit, scratch []int, belongs func(*value) bool) *layout {
	l := &layout{values: map[*value]*buffer{}, scratch: make([]*buffer, len(units))}
	last := lastUses(units)
	var list []*buffer
	for i, u := range units {
		if scratch[i] > 0 {
			l.scratch[i] = &buffer{size: scratch[i], start: i, end: i}
			list = append(list, l.scratch[i])
		}
		if u.isInput() {
			continue
		}
		for _, v := range u.makes() {
			if !belongs(v) {
				continue
			}
			if b := l.inPlace(u, i, last); b != nil {
				b.end = last[v]
				l.values[v] = b
				continue
			}
			b := &buffer{size: v.floats(), start: i, end: last[v]}
			l.values[v] = b
			list = append(list, b)
		}
	}
	l.size = pack(list)
	return l
}

// lastUses is the last unit that reads each value, or the one that writes it.
func lastUses(units []*unit) map[*value]int {
	last := map[*value]int{}
	for i, u := range units {
		for _, out := range u.makes() {
			last[out] = i
		}
		for _, in := range u.inputs {
			last[in] = i
		}
	}
	return last
}

// inPlace returns the buffer of an input that the unit may overwrite: one
// that it reads element by element and nobody reads later.
func (l *layout) inPlace(u *unit, at int, last map[*value]int) *buffer {
	for _, i := range u.overwritable() {
		in := u.inputs[i]
		b := l.values[in]
		if b != nil && last[in] == at && u.sameMemory(in) && !l.readTwice(u, i) {
			return b
		}
	}
	return nil
}

// sameMemory reports whether the output's elements lie as an input's do.
func (u *unit) sameMemory(in *value) bool {
	return in.layout == u.out.layout && in.floats() == u.out.floats()
}

// readTwice reports whether another input of the unit lies where input i
// does: a convolution that adds its own input must not overwrite it.
func (l *layout) readTwice(u *unit, i int) bool {
	for j, other := range u.inputs {
		if j != i && l.values[other] == l.values[u.inputs[i]] {
			return true
		}
	}
	return false
}

// overwritable lists the inputs that the unit's output may lie on.
func (u *unit) overwritable() []int {
	if u.inner != nil {
		return nil // a later round reads what an earlier one would overwrite
	}
	switch u.op().(type) {
	case graph.BatchNorm, graph.Scale, graph.GroupNorm, graph.Activation, graph.Softmax, graph.Flatten, graph.Tap:
		return []int{0}
	case graph.Add:
		return []int{0, 1}
	case graph.Conv:
		if u.residual {
			return []int{len(u.inputs) - 1}
		}
	}
	return nil
}

// pack places buffers so that those alive at the same time do not overlap,
// largest first, each at the lowest offset that is free throughout its life,
// and returns the size of it all.
func pack(list []*buffer) int {
	slices.SortStableFunc(list, func(a, b *buffer) int { return cmp.Compare(b.size, a.size) })
	total := 0
	var placed []*buffer // by offset
	for _, b := range list {
		b.offset = 0
		for _, p := range placed {
			if p.start > b.end || p.end < b.start {
				continue
			}
			if b.offset+b.size <= p.offset {
				break
			}
			b.offset = max(b.offset, align(p.offset+p.size))
		}
		at, _ := slices.BinarySearchFunc(placed, b, func(p, b *buffer) int { return cmp.Compare(p.offset, b.offset) })
		placed = slices.Insert(placed, at, b)
		total = max(total, align(b.offset+b.size))
	}
	return total
}

func align(n int) int { return (n + alignment - 1) &^ (alignment - 1) }
