package backbone

import (
	"hash/fnv"
	"math"
	"math/rand/v2"

	"github.com/vertebra-vision/vertebra/internal/graph"
)

// initialise gives a parameter its value before any checkpoint: convolutions
// N(0, sqrt(2/n)) with n = out·kh·kw (He et al. 2015, torchvision's
// kaiming_normal_ with mode fan_out), the classifier torch.nn.Linear's
// uniform distribution, norms the identity. Each parameter has a stream of its
// own, from the seed and its name.
func (b *builder) initialise(n *graph.Node, p graph.Param, dst []float32) {
	switch p.Role {
	case graph.RoleWeight, graph.RoleBias:
		b.random(n, p, dst)
	case graph.RoleScale, graph.RoleVar:
		if p.Role == graph.RoleScale && b.zeroInit[n.Module] {
			return
		}
		for i := range dst {
			dst[i] = 1
		}
	}
}

// random fills a weight, or the bias of the classifier; biases of
// convolutions stay zero.
func (b *builder) random(n *graph.Node, p graph.Param, dst []float32) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(n.ParamKey(p)))
	rng := rand.New(rand.NewPCG(b.Seed, h.Sum64()))
	switch op := n.Op.(type) {
	case graph.Conv:
		if p.Role != graph.RoleWeight {
			return
		}
		std := math.Sqrt(2 / float64(op.Out*op.Kernel[0]*op.Kernel[1]))
		for i := range dst {
			dst[i] = float32(rng.NormFloat64() * std)
		}
	case graph.Linear:
		bound := 1 / math.Sqrt(float64(op.In))
		for i := range dst {
			dst[i] = float32((2*rng.Float64() - 1) * bound)
		}
	}
}
