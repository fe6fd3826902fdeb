package norm

import (
	"math"
	"unsafe"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/rows"
)

// blockedGroup normalises groups that fill whole blocks, or blocks that
// hold whole groups.
type blockedGroup struct {
	kernel.NoScratch
	GroupSpec
	// The routines.
	mapRow, momentsRow kernel.Routine
	in, out            kernel.Layout
}

// CanBlockGroup reports whether NewBlockedGroup serves.
func CanBlockGroup(channels, groups int) bool {
	n := channels / groups
	return n%kernel.Block == 0 || kernel.Block%n == 0
}

// NewBlockedGroup returns act(group_norm(x)). The output may lie on an
// input of the same layout.
func NewBlockedGroup(s GroupSpec, in, out kernel.Layout) kernel.Kernel {
	return &blockedGroup{GroupSpec: s, mapRow: rows.Map(kernel.Active()), momentsRow: rows.Moments(kernel.Active()), in: in, out: out}
}

func (k *blockedGroup) Name() string { return "groupnorm." + k.mapRow.ISA.String() }
func (k *blockedGroup) Tasks() int {
	return k.Dims.N * kernel.BlocksOf(k.Dims.C) / k.blocksATask()
}

// size is the channels of a group.
func (k *blockedGroup) size() int { return k.Dims.C / k.Groups }

func (k *blockedGroup) blocksATask() int { return max(1, k.size()/kernel.Block) }

func (k *blockedGroup) Do(a *kernel.Args, task int, _ []float32) {
	n := k.blocksATask()
	perImage := kernel.BlocksOf(k.Dims.C) / n
	image, first := task/perImage, task%perImage*n
	// Two passes, as the mean may be far from zero.
	mean, _ := k.moments(a, image, first, n, [kernel.Block]float32{})
	var centre [kernel.Block]float32
	for c, v := range mean {
		centre[c] = float32(v)
	}
	offset, variance := k.moments(a, image, first, n, centre)
	for b := range n {
		var scale, shift [kernel.Block]float32
		for c := range min(kernel.Block, k.Dims.C-(first+b)*kernel.Block) {
			ch := (first+b)*kernel.Block + c
			inv := float64(k.Weight[ch]) / math.Sqrt(variance[c]-offset[c]*offset[c]+k.Eps)
			scale[c] = float32(inv)
			shift[c] = float32(float64(k.Bias[ch]) - (float64(centre[c])+offset[c])*inv)
		}
		k.apply(a, image, first+b, &scale, &shift)
	}
}

// moments returns, for each lane, the means of x - centre and of its square
// over the lane's group.
func (k *blockedGroup) moments(a *kernel.Args, image, first, n int, centre [kernel.Block]float32) (mean, square [kernel.Block]float64) {
	var sum, squares [kernel.Block]float32
	m := rows.MomentArgs{
		Pixels:  k.Dims.W,
		Centre:  unsafe.Pointer(&centre),
		Sum:     unsafe.Pointer(&sum),
		Squares: unsafe.Pointer(&squares),
	}
	for b := range n {
		for y := range k.Dims.H {
			m.In = kernel.Pointer(a.In[0], k.in.At(k.Dims, image, first+b, y, 0))
			kernel.Call(k.momentsRow.Code, &m)
			for c := range kernel.Block {
				mean[c] += float64(sum[c])
				square[c] += float64(squares[c])
			}
		}
	}
	lanes := min(kernel.Block, k.size())
	count := float64(k.size() * k.Dims.Plane())
	for g := 0; g < kernel.Block; g += lanes {
		var s, q float64
		for c := g; c < g+lanes; c++ {
			s += mean[c]
			q += square[c]
		}
		for c := g; c < g+lanes; c++ {
			mean[c], square[c] = s/count, q/count
		}
	}
	return mean, square
}

func (k *blockedGroup) apply(a *kernel.Args, image, block int, scale, shift *[kernel.Block]float32) {
	m := rows.MapArgs{
		Scale:  unsafe.Pointer(scale),
		Shift:  unsafe.Pointer(shift),
		Pixels: k.Dims.W,
		Act:    k.Act.Number(),
		Slope:  k.Slope,
	}
	for y := range k.Dims.H {
		m.X = kernel.Pointer(a.In[0], k.in.At(k.Dims, image, block, y, 0))
		m.Out = kernel.Pointer(a.Out, k.out.At(k.Dims, image, block, y, 0))
		kernel.Call(k.mapRow.Code, &m)
	}
	k.out.ClearHalo(a.Out, k.Dims, image, block, 0, k.Dims.H)
}
