package reftest

import (
	"math"
	"strconv"
	"strings"
)

// FillParam fills a network's parameter by a rule that depends on its name
// and shape; testdata/gen/fill_net.py is the same rule, bit for bit, and says
// what it aims at. last is the name within a block of the normalisation
// before the addition: "bn2" in basic blocks, "bn3" in bottlenecks, "" in
// plain nets.
func FillParam(name string, shape []int, last string, dst []float32) {
	lo, hi := paramBounds(strings.Split(name, "."), shape, last)
	Fill(name, dst, lo, hi)
}

func paramBounds(path []string, shape []int, last string) (lo, hi float64) {
	kind := path[len(path)-1]
	switch {
	case kind == "running_var":
		return 0.5, 1.5
	case kind == "running_mean" || kind == "bias":
		return -0.2, 0.2
	case len(shape) == 4:
		bound := math.Sqrt(6 / float64(shape[1]*shape[2]*shape[3]))
		return -bound, bound
	case len(shape) == 2:
		bound := 1 / math.Sqrt(float64(shape[1]))
		return -bound, bound
	case len(path) == 4 && path[2] == last:
		block, _ := strconv.Atoi(path[1])
		depth := math.Sqrt(float64(1 + block))
		return 0.2 / depth, 0.4 / depth
	}
	return 0.8, 1.2
}
