// Package conv is convolutions by their definition: direct convolution between
// blocked maps, which the tiles multiply, and its portable form between planar
// ones, windows gathered into matrices.
package conv
