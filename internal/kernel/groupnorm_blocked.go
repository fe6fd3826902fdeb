package kernel

import (
	"math"
	"unsafe"
)

// blockedGroupNorm normalises groups that fill whole blocks, or blocks that
// hold whole groups.
type blockedGroupNorm struct {
	NoScratch
	GroupNormSpec
	isa     ISA
	in, out Layout
}

// CanBlockGroupNorm reports whether NewBlockedGroupNorm serves.
func CanBlockGroupNorm(channels, groups int) bool {
	n := channels / groups
	return n%Block == 0 || Block%n == 0
}

// NewBlockedGroupNorm returns act(group_norm(x)). The output may lie on an
// input of the same layout.
func NewBlockedGroupNorm(s GroupNormSpec, in, out Layout) Kernel {
	return &blockedGroupNorm{GroupNormSpec: s, isa: active, in: in, out: out}
}

func (k *blockedGroupNorm) Name() string { return "groupnorm." + k.isa.String() }
func (k *blockedGroupNorm) Tasks() int {
	return k.Dims.N * BlocksOf(k.Dims.C) / k.blocksATask()
}

// size is the channels of a group.
func (k *blockedGroupNorm) size() int { return k.Dims.C / k.Groups }

func (k *blockedGroupNorm) blocksATask() int { return max(1, k.size()/Block) }

func (k *blockedGroupNorm) Do(a *Args, task int, _ []float32) {
	n := k.blocksATask()
	perImage := BlocksOf(k.Dims.C) / n
	image, first := task/perImage, task%perImage*n
	// Two passes, as the mean may be far from zero.
	mean, _ := k.moments(a, image, first, n, [Block]float32{})
	var centre [Block]float32
	for c, v := range mean {
		centre[c] = float32(v)
	}
	offset, variance := k.moments(a, image, first, n, centre)
	for b := range n {
		var scale, shift [Block]float32
		for c := range min(Block, k.Dims.C-(first+b)*Block) {
			ch := (first+b)*Block + c
			inv := float64(k.Weight[ch]) / math.Sqrt(variance[c]-offset[c]*offset[c]+k.Eps)
			scale[c] = float32(inv)
			shift[c] = float32(float64(k.Bias[ch]) - (float64(centre[c])+offset[c])*inv)
		}
		k.apply(a, image, first+b, &scale, &shift)
	}
}

// moments returns, for each lane, the means of x - centre and of its square
// over the lane's group.
func (k *blockedGroupNorm) moments(a *Args, image, first, n int, centre [Block]float32) (mean, square [Block]float64) {
	var sum, squares [Block]float32
	m := momentArgs{
		pixels:  k.Dims.W,
		centre:  unsafe.Pointer(&centre),
		sum:     unsafe.Pointer(&sum),
		squares: unsafe.Pointer(&squares),
	}
	for b := range n {
		for y := range k.Dims.H {
			m.in = Pointer(a.In[0], k.in.At(k.Dims, image, first+b, y, 0))
			momentsRow(k.isa, &m)
			for c := range Block {
				mean[c] += float64(sum[c])
				square[c] += float64(squares[c])
			}
		}
	}
	lanes := min(Block, k.size())
	count := float64(k.size() * k.Dims.Plane())
	for g := 0; g < Block; g += lanes {
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

func (k *blockedGroupNorm) apply(a *Args, image, block int, scale, shift *[Block]float32) {
	m := mapArgs{
		scale:  unsafe.Pointer(scale),
		shift:  unsafe.Pointer(shift),
		pixels: k.Dims.W,
		act:    k.Act.Number(),
		slope:  k.Slope,
	}
	for y := range k.Dims.H {
		m.x = Pointer(a.In[0], k.in.At(k.Dims, image, block, y, 0))
		m.out = Pointer(a.Out, k.out.At(k.Dims, image, block, y, 0))
		mapRow(k.isa, &m)
	}
	k.out.ClearHalo(a.Out, k.Dims, image, block, 0, k.Dims.H)
}
