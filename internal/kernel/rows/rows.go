package rows

import (
	"unsafe"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// Names of the routines.
const (
	mapRow     = "mapRow"
	blendRow   = "blendRow"
	momentsRow = "momentsRow"
)

// Map is the routine that takes MapArgs.
func Map(isa kernel.ISA) kernel.Routine { return table.Find(mapRow, isa) }

// Moments is the routine that takes MomentArgs.
func Moments(isa kernel.ISA) kernel.Routine { return table.Find(momentsRow, isa) }

// Routines lists the room's assembly.
func Routines() kernel.Routines { return table }

// Of the arguments below the generator knows the offsets of the fields.

// MapArgs are those of out = act(x·scale + shift + y).
type MapArgs struct {
	X, Y         unsafe.Pointer // Y is nil for none
	Out          unsafe.Pointer
	Scale, Shift unsafe.Pointer // 16 each
	Pixels       int
	Act          int
	Slope        float32
}

// blendArgs are those of out = Σ over rows r and columns c of wr·wc·in[r, c].
type blendArgs struct {
	in         unsafe.Pointer
	rows       unsafe.Pointer // bytes from in to each row
	rowWeights unsafe.Pointer
	rowCount   int
	// Each pixel has columnCount of these: bytes from the row's start, and
	// weights.
	columns       unsafe.Pointer
	columnWeights unsafe.Pointer
	columnCount   int
	out           unsafe.Pointer
	pixels        int
}

// MomentArgs are those of sum = Σ(x - centre), squares = Σ(x - centre)².
type MomentArgs struct {
	In                   unsafe.Pointer
	Pixels               int
	Centre, Sum, Squares unsafe.Pointer // 16 each
}
