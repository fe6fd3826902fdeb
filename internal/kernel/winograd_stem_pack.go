package kernel

// stemG is the matrix G of F(4, 4): Lavin and Gray's construction with powers
// of two between it, Bᵀ and Aᵀ, so that the transforms have few numbers.
var stemG = [7][4]float64{
	{-1. / 4, 0, 0, 0},
	{-1. / 6, -1. / 6, -1. / 6, -1. / 6},
	{1. / 18, -1. / 18, 1. / 18, -1. / 18},
	{1. / 72, 1. / 36, 1. / 18, 1. / 9},
	{-1. / 120, 1. / 60, -1. / 30, 1. / 15},
	{4. / 45, 2. / 45, 1. / 45, 1. / 90},
	{0, 0, 0, 1. / 2},
}

// PackWinogradStem transforms and lays out weights as
// [panel][position][input channel and phase][output channel in the panel]:
// U = G·g·Gᵀ, computed in float64. Take gives zeroed memory.
func PackWinogradStem(s ConvSpec, take func(n int) []float32) []float32 {
	channels := stemShape().channels
	depth, area, size := s.In.C*stemPhases, stemTile.area(), stemTile.size()
	packed := take(ceilDiv(s.Out.C, channels) * area * depth * channels)
	for oc := range s.Out.C {
		dst := packed[oc/channels*area*depth*channels+oc%channels:]
		for k := range depth {
			u := stemWeights(s.Weight[(oc*s.In.C+k/stemPhases)*49:][:49], k/2%2, k%2)
			for pos := range area {
				dst[(pos*depth+k)*channels] = float32(u[pos/size][pos%size])
			}
		}
	}
	return packed
}

// stemWeights is U of every other row and column of a window.
func stemWeights(window []float32, row, column int) (u [7][7]float64) {
	for ky := row; ky < 7; ky += 2 {
		for kx := column; kx < 7; kx += 2 {
			w := float64(window[ky*7+kx])
			for i, g := range stemG {
				for j, h := range stemG {
					u[i][j] += g[ky/2] * w * h[kx/2]
				}
			}
		}
	}
	return u
}
