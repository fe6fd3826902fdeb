package kerneltest

import (
	"math/rand/v2"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// RandomConv is a convolution of any kind, and one that an algorithm of its own
// exists for in most cases.
func RandomConv(rng *rand.Rand, isa kernel.ISA) kernel.ConvSpec {
	pick := func(list ...int) int { return Pick(rng, list...) }
	s := kernel.ConvSpec{ISA: isa, Groups: 1, Epilogue: kernel.Epilogue{
		Residual: rng.IntN(2) == 0, Act: kernel.Act(rng.IntN(4)), Slope: []float32{0.1, 1, 3}[rng.IntN(3)],
	}}
	k, d := pick(1, 1, 3, 3, 3, 5, 7), pick(1, 1, 1, 2, 3)
	stride := pick(1, 1, 1, 2, 3)
	s.Geometry = kernel.Geometry{Kernel: [2]int{k, k}, Stride: [2]int{stride, stride}, Dilation: [2]int{d, d}}
	s.Padding = [2]int{pick(0, d*(k-1)/2), 0}
	s.Padding[1] = s.Padding[0]
	s.In = kernel.Dims{N: pick(1, 1, 2, 3), C: pick(1, 3, 16, 20, 32, 64), H: d*(k-1) + 1 + rng.IntN(12), W: d*(k-1) + 1 + rng.IntN(12)}
	s.Out.C = pick(1, 8, 16, 33, 64)
	if k == 1 && rng.IntN(3) == 0 { // as many as two levels of Strassen's take with AVX-512
		s.In.C, s.Out.C = 64, 128
	}
	if rng.IntN(3) == 0 { // ResNeXt's: 4, 8, 16 channels a group
		s.Groups = pick(2, 4, 8)
		s.In.C, s.Out.C = s.Groups*pick(1, 4, 8, 16), s.Groups*pick(1, 4, 8, 16)
	}
	if rng.IntN(12) == 0 {
		RandomStem(rng, &s)
	}
	Complete(rng, &s)
	return s
}

// RandomStem makes it a 7x7 convolution of stride 2 of few channels, of a map of
// any size.
func RandomStem(rng *rand.Rand, s *kernel.ConvSpec) {
	p := rng.IntN(4)
	s.Geometry = kernel.Geometry{Kernel: [2]int{7, 7}, Stride: [2]int{2, 2}, Padding: [2]int{p, p}, Dilation: [2]int{1, 1}}
	s.In = kernel.Dims{N: 1 + rng.IntN(3), C: 1 + rng.IntN(4), H: 7 + rng.IntN(40), W: 7 + rng.IntN(60)}
	s.Groups, s.Out.C = 1, 8+rng.IntN(73)
}

// Complete gives a convolution the output and the weights that it must have, and
// perhaps a scale and a shift.
func Complete(rng *rand.Rand, s *kernel.ConvSpec) {
	s.Out.N = s.In.N
	s.Out.H = (s.In.H+2*s.Padding[0]-s.Dilation[0]*(s.Kernel[0]-1)-1)/s.Stride[0] + 1
	s.Out.W = (s.In.W+2*s.Padding[1]-s.Dilation[1]*(s.Kernel[1]-1)-1)/s.Stride[1] + 1
	s.Weight = Floats(rng, s.Out.C*s.In.C/s.Groups*s.Kernel[0]*s.Kernel[1])
	if rng.IntN(2) == 0 {
		s.Scale = Floats(rng, s.Out.C)
	}
	if rng.IntN(2) == 0 {
		s.Shift = Floats(rng, s.Out.C)
	}
}

// RandomGroups is a convolution of so many groups of some inputs and outputs.
func RandomGroups(rng *rand.Rand, isa kernel.ISA, in, out, groups int) kernel.ConvSpec {
	pair := func(list ...int) [2]int { return [2]int{Pick(rng, list...), Pick(rng, list...)} }
	s := kernel.ConvSpec{ISA: isa, Groups: groups, Epilogue: kernel.Epilogue{Residual: rng.IntN(2) == 0, Act: kernel.Act(rng.IntN(3)), Slope: 0.1}}
	s.Geometry = kernel.Geometry{Kernel: pair(3, 3, 1, 2, 5), Stride: pair(1, 1, 2, 3), Dilation: pair(1, 1, 2)}
	if rng.IntN(2) == 0 {
		s.Kernel, s.Stride, s.Dilation = [2]int{3, 3}, [2]int{1, 1}, [2]int{1, 1}
	}
	s.Padding[0] = rng.IntN(3)
	s.Padding[1] = s.Padding[0]
	least := func(i int) int { return s.Dilation[i]*(s.Kernel[i]-1) + 1 }
	s.In = kernel.Dims{N: 1 + rng.IntN(3), C: groups * in, H: least(0) + rng.IntN(9), W: least(1) + rng.IntN(24)}
	s.Out.C = groups * out
	Complete(rng, &s)
	return s
}

// Groups is the inputs and outputs of a group, and whether AVX2 has panels for
// them where there are so many groups that none need be merged.
var Groups = []struct {
	In, Out, Groups int
	Narrow          bool
}{
	{4, 4, 4, true}, {4, 4, 5, true}, {4, 4, 32, true}, {8, 8, 2, true}, {8, 8, 3, true}, {8, 8, 8, true},
	{4, 8, 7, true}, {8, 16, 4, true}, {16, 8, 3, true}, {32, 24, 2, true}, {4, 16, 8, true}, {48, 40, 3, true},
	{16, 16, 3, false}, {16, 32, 2, false}, {12, 12, 4, false}, {8, 4, 4, false}, {24, 8, 4, false}, {2, 2, 16, false},
}
