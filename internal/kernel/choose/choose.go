package choose

import (
	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/conv"
	"github.com/vertebra-vision/vertebra/internal/kernel/stem"
	"github.com/vertebra-vision/vertebra/internal/kernel/strassen"
	"github.com/vertebra-vision/vertebra/internal/kernel/winograd"
)

// All lists every algorithm, direct convolution first. To add one, write its
// room and add it here and to the ladder.
func All() []kernel.Algorithm {
	return []kernel.Algorithm{
		conv.Direct, winograd.F2, winograd.F3, winograd.F4, winograd.F6, stem.Winograd, strassen.One, strassen.Two,
	}
}

// Among lists those that can compute a convolution with an input in the given
// layout, direct first.
func Among(s kernel.ConvSpec, in kernel.Layout) []kernel.Algorithm {
	var list []kernel.Algorithm
	for _, a := range All() {
		if a.Applies(s, in) {
			list = append(list, a)
		}
	}
	return list
}

// Named finds an algorithm by its name.
func Named(name string) (kernel.Algorithm, error) {
	for _, a := range All() {
		if a.Name() == name {
			return a, nil
		}
	}
	return nil, errors.Errorf("no algorithm is called %q", name)
}

const (
	// worthRounding is the share of another algorithm's time that one which rounds
	// more may take at most.
	worthRounding = 0.8
	// worthWinograd is the share of direct convolution's cost that Winograd's
	// algorithm may have at most: it must pay clearly.
	worthWinograd = 0.9
	// worthStrassen is the same of Strassen's, of another level, too.
	worthStrassen = 0.98
)

// ladder is the algorithms in the order in which each is weighed against the
// best before it: the share of that one's cost that it may have, and of direct
// convolution's beside that.
var ladder = []struct {
	kernel.Algorithm
	worth, overDirect float64
}{
	{strassen.One, worthStrassen, 1},
	{strassen.Two, worthStrassen, 1},
	{winograd.F4, 1, worthWinograd},
	{winograd.F2, 1, worthWinograd},
	{winograd.F6, worthRounding, worthWinograd},
	{winograd.F3, worthRounding, worthWinograd},
	{stem.Winograd, 1, worthWinograd},
}

// Fastest tells which algorithm computes a convolution with an input in the
// given layout fastest, by the models of their costs. It depends on its
// arguments alone, and not on how many pictures the batch has: algorithms round
// differently, and a picture's results must not depend on its company.
func Fastest(s kernel.ConvSpec, in kernel.Layout) kernel.Algorithm {
	s.In.N, s.Out.N = 1, 1
	return FastestForBatch(s, in)
}

// FastestForBatch is Fastest for all pictures of the batch together, where larger
// weights may pay that are read once for all.
func FastestForBatch(s kernel.ConvSpec, in kernel.Layout) kernel.Algorithm {
	best := conv.Direct
	least := best.Cost(s)
	for _, a := range ladder {
		if !a.Applies(s, in) {
			continue
		}
		most := least
		if best == conv.Direct {
			most *= a.overDirect
		}
		if cost := a.Cost(s); cost < a.worth*most {
			best, least = a.Algorithm, cost
		}
	}
	return best
}

// Handicap is the share of another algorithm's measured time that one may take:
// less than 1 for F(6x6), which rounds more.
func Handicap(a kernel.Algorithm) float64 {
	if a == winograd.F6 {
		return worthRounding
	}
	return 1
}
