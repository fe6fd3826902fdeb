//go:build !amd64 || noasm

package jpeg

import "github.com/vertebra-vision/vertebra/internal/kernel"

// table is empty: portable Go serves.
var table kernel.Routines

var vectored = portable
