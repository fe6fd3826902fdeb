package kernel

import "fmt"

// Algorithm is how a convolution between blocked maps is computed.
type Algorithm int

// The algorithms; Winograd's are named by the outputs of a tile in each
// direction.
const (
	Direct    Algorithm = 0
	Winograd2           = Algorithm(winograd2)
	Winograd3           = Algorithm(winograd3)
	Winograd4           = Algorithm(winograd4)
	Winograd6           = Algorithm(winograd6)
	Strassen  Algorithm = 7
)

// String names the algorithm in packings.
func (a Algorithm) String() string {
	switch a {
	case Direct:
		return "direct"
	case Strassen:
		return "strassen"
	}
	return fmt.Sprintf("winograd%d", int(a))
}

// ChooseAlgorithm tells which algorithm computes a convolution fastest.
func ChooseAlgorithm(s ConvSpec) Algorithm {
	best, least := Direct, directCost(s)
	if CanStrassen(s) && strassenCost(s) < 0.98*least {
		return Strassen
	}
	if !CanWinograd(s) {
		return best
	}
	least *= 0.9 // it must pay clearly
	for _, a := range []Algorithm{Winograd4, Winograd2} {
		if cost := winogradCost(s, winogradTile(a)); cost < least {
			best, least = a, cost
		}
	}
	// F(6x6) rounds more, F(3x3) multiplies more; both serve maps that the
	// others leave much of a tile of, such as the phases of a dilated
	// convolution.
	for _, a := range []Algorithm{Winograd6, Winograd3} {
		if cost := winogradCost(s, winogradTile(a)); cost < 0.8*least {
			best, least = a, cost
		}
	}
	return best
}

// Costs are in multiplications of vectors, measured on Zen 4: what weights
// cost that must come from memory for each run, and starting the
// multiplication of some items with a panel at a position.
const (
	weightCost = 10 // a vector of weights
	callCost   = 60 // for as many items as fit a tile
	narrowCost = 10 // the end of a pixel's sums in panels of narrow groups, a block
)

// directCost models a direct convolution of one merged group.
func directCost(s ConvSpec) float64 {
	g, _ := merge(s)
	window := s.Kernel[0] * s.Kernel[1]
	depth := window * g.in
	if _, _, ok := narrow(s); ok {
		depth = window*s.In.C/s.Groups + narrowCost
	}
	weights := float64(depth * blocksOf(g.out))
	return weights * max(float64(s.Out.N*s.Out.Plane()), weightCost)
}

// Extra is how far beyond its halo a convolution reads its input, on the right
// and the bottom.
func (a Algorithm) Extra(s ConvSpec, halo int) int {
	if a == Direct || a == Strassen {
		return 0
	}
	return WinogradExtra(s, int(a), halo)
}

// Format names the packing of a convolution's weights, so that plans which
// need the same share it.
func (a Algorithm) Format(s ConvSpec, in Layout) string {
	return PackFormat(s, in) + " " + a.String()
}

// Growth is how much larger a convolution's weights are as the algorithm reads
// them.
func (a Algorithm) Growth(s ConvSpec) float64 {
	switch a {
	case Direct:
		return 1
	case Strassen:
		return strassenProducts / 4.0
	}
	return float64(winogradTile(a).area()) / float64(s.Kernel[0]*s.Kernel[1])
}

// Pack lays out a convolution's weights as the algorithm reads them, in memory
// that take gives, zeroed.
func (a Algorithm) Pack(s ConvSpec, in Layout, take func(n int) []float32) []float32 {
	switch a {
	case Direct:
		return PackConv(s, in, take)
	case Strassen:
		return PackStrassen(s, take)
	}
	return PackWinograd(s, int(a), take)
}

// New returns the kernel of a convolution whose Packed is Pack's. It takes the
// input and, with Epilogue.Residual, the tensor to add; the output may lie on
// the latter where their layouts are the same.
func (a Algorithm) New(s BlockedSpec) Kernel {
	switch a {
	case Direct:
		return NewBlockedConv(s)
	case Strassen:
		return NewStrassen(s)
	}
	return NewWinograd(s, int(a))
}
