package stem

import "github.com/vertebra-vision/vertebra/internal/kernel"

// matrixG is the matrix G of F(4, 4): Lavin and Gray's construction with powers
// of two between it, Bᵀ and Aᵀ, so that the transforms have few numbers.
var matrixG = [size][4]float64{
	{-1. / 4, 0, 0, 0},
	{-1. / 6, -1. / 6, -1. / 6, -1. / 6},
	{1. / 18, -1. / 18, 1. / 18, -1. / 18},
	{1. / 72, 1. / 36, 1. / 18, 1. / 9},
	{-1. / 120, 1. / 60, -1. / 30, 1. / 15},
	{4. / 45, 2. / 45, 1. / 45, 1. / 90},
	{0, 0, 0, 1. / 2},
}

// Pack transforms and lays out weights as
// [panel][position][input channel and phase][output channel in the panel]:
// U = G·g·Gᵀ, computed in float64. Take gives zeroed memory.
func (algorithm) Pack(s kernel.ConvSpec, _ kernel.Layout, take func(n int) []float32) []float32 {
	depth := s.In.C * phases
	packed := take(kernel.BlocksOf(s.Out.C) * positions * depth * kernel.Block)
	for oc := range s.Out.C {
		dst := packed[oc/kernel.Block*positions*depth*kernel.Block+oc%kernel.Block:]
		for k := range depth {
			u := transformWeights(s.Weight[(oc*s.In.C+k/phases)*49:][:49], k/2%2, k%2)
			for pos := range positions {
				dst[(pos*depth+k)*kernel.Block] = float32(u[pos/size][pos%size])
			}
		}
	}
	return packed
}

// transformWeights is U of every other row and column of a window.
func transformWeights(window []float32, row, column int) (u [size][size]float64) {
	for ky := row; ky < 7; ky += 2 {
		for kx := column; kx < 7; kx += 2 {
			w := float64(window[ky*7+kx])
			for i, g := range matrixG {
				for j, h := range matrixG {
					u[i][j] += g[ky/2] * w * h[kx/2]
				}
			}
		}
	}
	return u
}
