package stem

import "github.com/vertebra-vision/vertebra/internal/kernel"

// routines is the room's assembly for an instruction set.
type routines struct{ columns, pixels, row, products, output kernel.Routine }

func find(isa kernel.ISA) routines {
	return routines{
		columns:  table.Find("columns", isa),
		pixels:   table.Find("pixels", isa),
		row:      table.Find("row", isa),
		products: table.Find("products", isa),
		output:   table.Find("output", isa),
	}
}

// Routines lists the room's assembly.
func Routines() kernel.Routines { return table }
