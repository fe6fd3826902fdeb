package tile

// Costs are in multiplications of vectors of a block, measured on Zen 3 and 4:
// what a vector of weights costs at least, that must come from memory for each
// run, and how much beside its multiplications.
const (
	weightCost = 10
	streamCost = 2
)

// PerWeight is what a vector of weights costs that is multiplied with n items.
func PerWeight(n int) float64 { return float64(max(n+streamCost, weightCost)) }

// CallCost is what a tile costs beside its multiplications.
func (s Shape) CallCost() int {
	if s.Loops {
		return 30
	}
	return 60
}

// CachedFloats is the input of tiles that stays in a level-2 cache while panels
// pass over it.
const CachedFloats = 128 << 10
