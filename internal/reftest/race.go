//go:build race

package reftest

// Race reports whether the race detector watches. A sync.Pool then forgets at
// random, so that allocations cannot be counted.
const Race = true
