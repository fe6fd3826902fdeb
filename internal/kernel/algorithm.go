package kernel

import "fmt"

// Algorithm is how a convolution to a blocked map is computed.
type Algorithm int

// The algorithms; Winograd's are named by the outputs of a tile in each
// direction, Strassen's by its levels. WinogradStem is for a planar input.
const (
	Direct       Algorithm = 0
	WinogradStem Algorithm = 1
	Winograd2              = Algorithm(winograd2)
	Winograd3              = Algorithm(winograd3)
	Winograd4              = Algorithm(winograd4)
	Winograd6              = Algorithm(winograd6)
	Strassen               = Algorithm(strassenProducts)
	Strassen2              = Algorithm(strassenProducts * strassenProducts)
)

// String names the algorithm in packings.
func (a Algorithm) String() string {
	switch a {
	case Direct:
		return "direct"
	case WinogradStem:
		return "winograd.stem"
	case Strassen:
		return "strassen"
	case Strassen2:
		return "strassen2"
	}
	return fmt.Sprintf("winograd%d", int(a))
}

// winograd reports whether it is one of Winograd's between blocked maps.
func (a Algorithm) winograd() bool {
	return a != Direct && a != WinogradStem && a != Strassen && a != Strassen2
}

// WorthRounding is the share of another algorithm's time that F(6x6), which rounds
// more, may take at most.
const WorthRounding = 0.8

// worthWinograd is the share of direct convolution's cost that Winograd's algorithm
// may have at most: it must pay clearly.
const worthWinograd = 0.9

// ChooseAlgorithm tells which algorithm computes a convolution with an input in
// the given layout fastest.
func ChooseAlgorithm(s ConvSpec, in Layout) Algorithm {
	if !in.Blocked {
		return chooseStem(s)
	}
	best, least := Direct, directCost(s)
	for _, a := range []Algorithm{Strassen, Strassen2} {
		if !CanStrassen(s, a.levels()) {
			break
		}
		if cost := strassenCost(s, a.levels()); cost < 0.98*least {
			best, least = a, cost
		}
	}
	if !CanWinograd(s) {
		return best
	}
	least *= worthWinograd
	for _, a := range []Algorithm{Winograd4, Winograd2} {
		if cost := winogradCost(s, winogradTile(a)); cost < least {
			best, least = a, cost
		}
	}
	// F(6x6) rounds more, F(3x3) multiplies more; both serve maps that the
	// others leave much of a tile of, such as the phases of a dilated
	// convolution.
	for _, a := range []Algorithm{Winograd6, Winograd3} {
		if cost := winogradCost(s, winogradTile(a)); cost < WorthRounding*least {
			best, least = a, cost
		}
	}
	return best
}

// chooseStem chooses for a planar input. With AVX-512 Winograd's algorithm was
// not measured: only tuning finds it there.
func chooseStem(s ConvSpec) Algorithm {
	if active == AVX2 && CanWinogradStem(s) && winogradStemCost(s) < worthWinograd*directCost(s) {
		return WinogradStem
	}
	return Direct
}

// Costs are in multiplications of vectors of a block, measured on Zen 3 and 4:
// what a vector of weights costs at least, that must come from memory for each
// run, and how much beside its multiplications.
const (
	weightCost = 10
	streamCost = 2
	// directLoss is what direct convolution loses beside the other algorithms'
	// products: its input and output lie further away.
	directLoss = 1.04
	// narrowCost is the end of a pixel's sums in panels of narrow groups, a block.
	narrowCost = 10
)

// perWeight is what a vector of weights costs that is multiplied with n items.
func perWeight(n int) float64 { return float64(max(n+streamCost, weightCost)) }

// callCost is what a tile costs beside its multiplications.
func (s tileShape) callCost() int {
	if s.loops {
		return 30
	}
	return 60
}

// directCost models a direct convolution of one merged group.
func directCost(s ConvSpec) float64 {
	g, _ := merge(s)
	window, pixels := s.Kernel[0]*s.Kernel[1], s.Out.N*s.Out.Plane()
	if _, _, ok := narrow(s); ok {
		depth := window*s.In.C/s.Groups + narrowCost
		return float64(depth*BlocksOf(g.out)) * perWeight(pixels)
	}
	shape := shapeFor(s)
	tiles := CeilDiv(pixels, shape.pixels) * CeilDiv(g.out, shape.channels)
	return directLoss*float64(window*g.in*BlocksOf(g.out))*perWeight(pixels) + float64(shape.callCost()*tiles)
}

// Extra is how far beyond its halo a convolution reads its input, on the right
// and the bottom.
func (a Algorithm) Extra(s ConvSpec, halo int) int {
	if !a.winograd() {
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
	case Strassen, Strassen2:
		n := parts(a.levels())
		return float64(products(a.levels())) / float64(n*n)
	case WinogradStem:
		return float64(stemPositions*stemPhases) / float64(s.Kernel[0]*s.Kernel[1])
	}
	return float64(winogradTile(a).area()) / float64(s.Kernel[0]*s.Kernel[1])
}

// Pack lays out a convolution's weights as the algorithm reads them, in memory
// that take gives, zeroed.
func (a Algorithm) Pack(s ConvSpec, in Layout, take func(n int) []float32) []float32 {
	switch a {
	case Direct:
		return PackConv(s, in, take)
	case Strassen, Strassen2:
		return PackStrassen(s, a.levels(), take)
	case WinogradStem:
		return PackWinogradStem(s, take)
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
	case Strassen, Strassen2:
		return NewStrassen(s, a.levels())
	case WinogradStem:
		return NewWinogradStem(s)
	}
	return NewWinograd(s, int(a))
}
