// Package catalog lists the routines in assembly of all rooms, for tests and
// tools.
package catalog

import (
	"maps"
	"slices"

	"github.com/vertebra-vision/vertebra/internal/jpeg"
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/peak"
	"github.com/vertebra-vision/vertebra/internal/kernel/pool"
	"github.com/vertebra-vision/vertebra/internal/kernel/reorder"
	"github.com/vertebra-vision/vertebra/internal/kernel/rows"
	"github.com/vertebra-vision/vertebra/internal/kernel/softmax"
	"github.com/vertebra-vision/vertebra/internal/kernel/stem"
	"github.com/vertebra-vision/vertebra/internal/kernel/strassen"
	"github.com/vertebra-vision/vertebra/internal/kernel/tile"
	"github.com/vertebra-vision/vertebra/internal/kernel/winograd"
)

// Rooms are the tables of the rooms that have assembly, by the room's name.
func Rooms() map[string]kernel.Routines {
	return map[string]kernel.Routines{
		"jpeg": jpeg.Routines(), "peak": peak.Routines(), "pool": pool.Routines(), "reorder": reorder.Routines(),
		"rows": rows.Routines(), "softmax": softmax.Routines(), "stem": stem.Routines(), "strassen": strassen.Routines(),
		"tile": tile.Routines(), "winograd": winograd.Routines(),
	}
}

// Routines lists all of them, room after room.
func Routines() kernel.Routines {
	rooms := Rooms()
	var list kernel.Routines
	for _, name := range slices.Sorted(maps.Keys(rooms)) {
		list = append(list, rooms[name]...)
	}
	return list
}
