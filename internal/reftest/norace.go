//go:build !race

package reftest

// Race reports whether the race detector watches.
const Race = false
