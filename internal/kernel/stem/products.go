package stem

import (
	"unsafe"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// productArgs are the arguments of the assembly that multiplies the items of
// all positions with a panel of 16 outputs. Steps lead from position to position,
// in bytes. The generator knows the fields' offsets.
type productArgs struct {
	v, m, weights    unsafe.Pointer
	stepV, stepM     int
	positions, tiles int
	quads            int // of channels: a channel's phases are one
}

// floatsV and floatsM are what V and M take, with what the last tile of items
// reads and writes beyond them.
func (k *stem) floatsV() int { return k.SizeV() + k.Shape.Pixels*kernel.Block }
func (k *stem) floatsM() int { return k.SizeM() + k.Shape.Pixels*kernel.Block }

// multiply computes M for a panel. All tiles are whole: those that go beyond the
// items of a position write what the next one overwrites.
func (k *stem) multiply(m, v []float32, panel, n int) {
	kernel.Call(k.products.Code, &productArgs{
		v: kernel.Pointer(v, 0), m: kernel.Pointer(m, 0), weights: kernel.Pointer(k.Weights, panel*positions*k.In.C*phases*kernel.Block),
		stepV: 4 * k.StepV(), stepM: 4 * k.StepM(), positions: positions,
		tiles: kernel.CeilDiv(n, k.Shape.Pixels), quads: k.In.C,
	})
}
