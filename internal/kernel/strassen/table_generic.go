//go:build !amd64 || noasm

package strassen

import "github.com/vertebra-vision/vertebra/internal/kernel"

// table is empty: portable Go serves.
var table kernel.Routines
