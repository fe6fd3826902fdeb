// Package choose lists the algorithms of convolutions and tells which of them
// is the fastest for a shape, a layout and an instruction set.
package choose
