package tile

import (
	"fmt"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// Tile is a microkernel, a row of the table: a function of each number of
// pixels up to the shape's.
type Tile struct {
	// Name is the functions', with the pixels for %d.
	Name      string
	ISA       kernel.ISA
	Precision kernel.Precision
	Shape
	// Step is the input channels of a tap: a block, a quad of a narrow group, or
	// one of a planar map.
	Step int
	// code is the functions, that of one pixel first.
	code []func(args *byte)
}

// Find is the tile of a shape and a step; nil where this build has none.
func Find(s Shape, step int) *Tile {
	for i := range table {
		if t := &table[i]; t.Shape == s && t.Step == step {
			return t
		}
	}
	return nil
}

// Tiles lists the table.
func Tiles() []Tile { return table }

// Routines lists the table's functions.
func Routines() kernel.Routines {
	var list kernel.Routines
	for _, t := range table {
		for i, code := range t.code {
			list = append(list, kernel.Routine{Name: fmt.Sprintf(t.Name, i+1), ISA: t.ISA, Precision: t.Precision, Code: code})
		}
	}
	return list
}

// Run computes a run of tiles.
func (t *Tile) Run(a *Args, r Run) {
	code := t.code[r.Pixels-1]
	if t.Loops {
		a.Count, a.perRow, a.Rows = r.Count, r.Count, r.Rows
		kernel.Call(code, a)
		return
	}
	for i := range r.Count {
		if i > 0 {
			a.advance()
		}
		kernel.Call(code, a)
		a.askAhead()
	}
}
