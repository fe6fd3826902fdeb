package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// naiveConv is the definition of a convolution and its epilogue, in float64.
func naiveConv(s ConvSpec, x, residual []float32) []float64 {
	out := make([]float64, s.Out.Len())
	perGroup := s.In.C / s.Groups
	for i := range out {
		ox, oy := i%s.Out.W, i/s.Out.W%s.Out.H
		oc, image := i/s.Out.Plane()%s.Out.C, i/s.Out.Plane()/s.Out.C
		first := oc / (s.Out.C / s.Groups) * perGroup
		sum := 0.0
		for k := range perGroup {
			for ky := range s.Kernel[0] {
				for kx := range s.Kernel[1] {
					y, xx := oy*s.Stride[0]-s.Padding[0]+ky*s.Dilation[0], ox*s.Stride[1]-s.Padding[1]+kx*s.Dilation[1]
					if y >= 0 && y < s.In.H && xx >= 0 && xx < s.In.W {
						w := s.Weight[((oc*perGroup+k)*s.Kernel[0]+ky)*s.Kernel[1]+kx]
						sum += float64(w) * float64(x[((image*s.In.C+first+k)*s.In.H+y)*s.In.W+xx])
					}
				}
			}
		}
		if s.Scale != nil {
			sum *= float64(s.Scale[oc])
		}
		if s.Shift != nil {
			sum += float64(s.Shift[oc])
		}
		if s.Residual {
			sum += float64(residual[i])
		}
		switch s.Act {
		case ReLU:
			sum = math.Max(sum, 0)
		case LeakyReLU:
			sum = math.Max(sum, 0) + float64(s.Slope)*math.Min(sum, 0)
		case Sigmoid:
			sum = 1 / (1 + math.Exp(-sum))
		}
		out[i] = sum
	}
	return out
}

// randomConv is a convolution of any kind, and one that an algorithm of its own
// exists for in most cases.
func randomConv(rng *rand.Rand) ConvSpec {
	pick := func(list ...int) int { return list[rng.IntN(len(list))] }
	s := ConvSpec{Groups: 1, Epilogue: Epilogue{
		Residual: rng.IntN(2) == 0, Act: Act(rng.IntN(4)), Slope: []float32{0.1, 1, 3}[rng.IntN(3)],
	}}
	k, d := pick(1, 1, 3, 3, 3, 5, 7), pick(1, 1, 1, 2, 3)
	stride := pick(1, 1, 1, 2, 3)
	s.Geometry = Geometry{Kernel: [2]int{k, k}, Stride: [2]int{stride, stride}, Dilation: [2]int{d, d}}
	s.Padding = [2]int{pick(0, d*(k-1)/2), 0}
	s.Padding[1] = s.Padding[0]
	s.In = Dims{N: pick(1, 1, 2, 3), C: pick(1, 3, 16, 20, 32, 64), H: d*(k-1) + 1 + rng.IntN(12), W: d*(k-1) + 1 + rng.IntN(12)}
	s.Out.C = pick(1, 8, 16, 33, 64)
	if k == 1 && rng.IntN(3) == 0 { // as many as two levels of Strassen's take with AVX-512
		s.In.C, s.Out.C = 64, 128
	}
	if rng.IntN(3) == 0 { // ResNeXt's: 4, 8, 16 channels a group
		s.Groups = pick(2, 4, 8)
		s.In.C, s.Out.C = s.Groups*pick(1, 4, 8, 16), s.Groups*pick(1, 4, 8, 16)
	}
	if rng.IntN(12) == 0 {
		randomStem(rng, &s)
	}
	s.complete(rng)
	return s
}

// randomStem makes it a 7x7 convolution of stride 2 of few channels, of a map of
// any size.
func randomStem(rng *rand.Rand, s *ConvSpec) {
	p := rng.IntN(4)
	s.Geometry = Geometry{Kernel: [2]int{7, 7}, Stride: [2]int{2, 2}, Padding: [2]int{p, p}, Dilation: [2]int{1, 1}}
	s.In = Dims{N: 1 + rng.IntN(3), C: 1 + rng.IntN(4), H: 7 + rng.IntN(40), W: 7 + rng.IntN(60)}
	s.Groups, s.Out.C = 1, 8+rng.IntN(73)
}

// complete gives a convolution the output and the weights that it must have, and
// perhaps a scale and a shift.
func (s *ConvSpec) complete(rng *rand.Rand) {
	s.Out.N = s.In.N
	s.Out.H = (s.In.H+2*s.Padding[0]-s.Dilation[0]*(s.Kernel[0]-1)-1)/s.Stride[0] + 1
	s.Out.W = (s.In.W+2*s.Padding[1]-s.Dilation[1]*(s.Kernel[1]-1)-1)/s.Stride[1] + 1
	s.Weight = randomFloats(rng, s.Out.C*s.In.C/s.Groups*s.Kernel[0]*s.Kernel[1])
	if rng.IntN(2) == 0 {
		s.Scale = randomFloats(rng, s.Out.C)
	}
	if rng.IntN(2) == 0 {
		s.Shift = randomFloats(rng, s.Out.C)
	}
}

// Every convolution kernel, of every shape, stride, dilation and grouping, with
// every epilogue, with the output in its own place or on the residual, computes
// what the definition says.
func TestConvolutions(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		seeds := uint64(400)
		if testing.Short() {
			seeds = 120
		}
		done := map[Algorithm]int{}
		for seed := range seeds {
			rng := rand.New(rand.NewPCG(seed, 13))
			s := randomConv(rng)
			x, residual := randomFloats(rng, s.In.Len()), randomFloats(rng, s.Out.Len())
			want := naiveConv(s, x, residual)
			what := fmt.Sprintf("seed %d: %v to %v, %+v, %d groups", seed, s.In, s.Out, s.Geometry, s.Groups)
			requireConv(t, want, planarConv(s, x, residual, rng.IntN(2) == 0), 1e-5, what)
			if !CanBlock(s) {
				continue
			}
			for _, a := range bothAlgorithms(s) {
				bound := 1e-5
				if a == Winograd6 {
					bound = 6e-5
				} else if a != Direct {
					bound = 2e-5
				}
				requireConv(t, want, blockedResult(t, rng, s, a, x, residual), bound, a.String()+", "+what)
				done[a]++
			}
		}
		for _, a := range everyAlgorithm {
			assert.True(t, !Blocked() || done[a] > 0, "%v was not tried", a)
		}
	})
}

// Deep convolutions, whose panels are computed in parts, and maps as wide as a
// tile and a pixel, whose last column has tiles of its own.
func TestDeepConvolutions(t *testing.T) {
	cases := []struct{ in, out, h, w, kernel, stride, dilation int }{
		{512, 16, 7, 7, 3, 1, 1}, {512, 33, 14, 14, 3, 2, 1}, {192, 40, 13, 7, 3, 1, 1}, {2064, 16, 7, 7, 1, 1, 1},
		{1600, 32, 14, 13, 1, 2, 1}, {176, 16, 1, 7, 3, 1, 1}, {176, 16, 9, 1, 3, 1, 1}, {208, 32, 5, 25, 3, 1, 2},
		{16, 16, 29, 7, 1, 1, 1}, {16, 24, 7, 7, 3, 1, 1}, {3, 20, 14, 14, 7, 2, 1},
	}
	eachISA(t, func(t *testing.T) {
		if !Blocked() {
			t.Skip("no parts")
		}
		for i, c := range cases {
			rng := rand.New(rand.NewPCG(uint64(i), 19))
			pad := c.dilation * (c.kernel - 1) / 2
			s := ConvSpec{
				In: Dims{2, c.in, c.h, c.w}, Groups: 1,
				Geometry: Geometry{
					Kernel: [2]int{c.kernel, c.kernel}, Stride: [2]int{c.stride, c.stride},
					Padding: [2]int{pad, pad}, Dilation: [2]int{c.dilation, c.dilation},
				},
				Epilogue: Epilogue{Residual: i%2 == 0, Act: []Act{ReLU, LeakyReLU, None}[i%3], Slope: 0.1},
				Weight:   randomFloats(rng, c.out*c.in*c.kernel*c.kernel),
			}
			s.Scale, s.Shift = randomFloats(rng, c.out), randomFloats(rng, c.out)
			s.Out = Dims{2, c.out, (c.h-1)/c.stride + 1, (c.w-1)/c.stride + 1}
			x, residual := randomFloats(rng, s.In.Len()), randomFloats(rng, s.Out.Len())
			want := naiveConv(s, x, residual)
			for range 3 {
				requireConv(t, want, blockedResult(t, rng, s, Direct, x, residual), 1e-5, fmt.Sprintf("%+v", c))
			}
		}
	})
}

// narrowGroups is the inputs and outputs of a group, and whether AVX2 has panels
// for them where there are so many groups that none need be merged.
var narrowGroups = []struct {
	in, out, groups int
	narrow          bool
}{
	{4, 4, 4, true}, {4, 4, 5, true}, {4, 4, 32, true}, {8, 8, 2, true}, {8, 8, 3, true}, {8, 8, 8, true},
	{4, 8, 7, true}, {8, 16, 4, true}, {16, 8, 3, true}, {32, 24, 2, true}, {4, 16, 8, true}, {48, 40, 3, true},
	{16, 16, 3, false}, {16, 32, 2, false}, {12, 12, 4, false}, {8, 4, 4, false}, {24, 8, 4, false}, {2, 2, 16, false},
}

// Convolutions of narrow groups: every kernel, stride and dilation, on maps as
// wide as any tile, for some images, with any epilogue.
func TestNarrowGroups(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		seeds := uint64(12)
		if testing.Short() {
			seeds = 4
		}
		for i, g := range narrowGroups {
			for seed := range seeds {
				rng := rand.New(rand.NewPCG(seed, uint64(i)))
				s := randomGroups(rng, g.in, g.out, g.groups)
				_, _, is := narrow(s)
				require.Equal(t, g.narrow && active == AVX2, is, "%+v", g)
				if !CanBlock(s) {
					require.False(t, is)
					continue
				}
				x, residual := randomFloats(rng, s.In.Len()), randomFloats(rng, s.Out.Len())
				want := naiveConv(s, x, residual)
				for _, a := range bothAlgorithms(s) {
					bound := 2e-5
					if a == Winograd6 {
						bound = 6e-5
					}
					what := fmt.Sprintf("%v, seed %d: %v to %v, %+v, %d groups", a, seed, s.In, s.Out, s.Geometry, s.Groups)
					requireConv(t, want, blockedResult(t, rng, s, a, x, residual), bound, what)
				}
			}
		}
	})
}

func randomGroups(rng *rand.Rand, in, out, groups int) ConvSpec {
	pair := func(list ...int) [2]int { return [2]int{list[rng.IntN(len(list))], list[rng.IntN(len(list))]} }
	s := ConvSpec{Groups: groups, Epilogue: Epilogue{Residual: rng.IntN(2) == 0, Act: Act(rng.IntN(3)), Slope: 0.1}}
	s.Geometry = Geometry{Kernel: pair(3, 3, 1, 2, 5), Stride: pair(1, 1, 2, 3), Dilation: pair(1, 1, 2)}
	if rng.IntN(2) == 0 {
		s.Kernel, s.Stride, s.Dilation = [2]int{3, 3}, [2]int{1, 1}, [2]int{1, 1}
	}
	s.Padding[0] = rng.IntN(3)
	s.Padding[1] = s.Padding[0]
	least := func(i int) int { return s.Dilation[i]*(s.Kernel[i]-1) + 1 }
	s.In = Dims{N: 1 + rng.IntN(3), C: groups * in, H: least(0) + rng.IntN(9), W: least(1) + rng.IntN(24)}
	s.Out.C = groups * out
	s.complete(rng)
	return s
}

// ResNeXt's layers with groups of 4 and 8 are faster without zeros than with
// Winograd's savings; with 16 there are no zeros.
func TestNarrowGroupsChosen(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		if active != AVX2 {
			t.Skip("no narrow panels")
		}
		for _, c := range []struct {
			channels, extent int
			want             Algorithm
		}{{128, 56, Direct}, {256, 28, Direct}, {512, 14, Winograd4}} {
			l := convLayer{in: c.channels, out: c.channels, extent: c.extent, kernel: 3, groups: 32}
			assert.Equal(t, c.want, ChooseAlgorithm(l.spec(), Layout{Blocked: true}), "%+v", c)
		}
	})
}

// A panel of narrow groups whose weights do not stay in a cache has parts, too.
func TestDeepNarrowGroups(t *testing.T) {
	eachISA(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 23))
		s := randomGroups(rng, 128, 8, 2)
		s.Kernel, s.Stride, s.Dilation, s.Padding = [2]int{5, 5}, [2]int{1, 1}, [2]int{1, 1}, [2]int{2, 2}
		s.In.H, s.In.W = 9, 16
		s.complete(rng)
		if !CanBlock(s) {
			t.Skip("no parts")
		}
		x, residual := randomFloats(rng, s.In.Len()), randomFloats(rng, s.Out.Len())
		requireConv(t, naiveConv(s, x, residual), blockedResult(t, rng, s, Direct, x, residual), 2e-5, "deep")
	})
}

// bothAlgorithms lists the algorithms for either layout of the input, direct
// first.
func bothAlgorithms(s ConvSpec) []Algorithm {
	return append(Algorithms(s, Layout{Blocked: true}), Algorithms(s, Layout{})[1:]...)
}

func requireConv(t *testing.T, want []float64, got []float32, bound float64, what string) {
	t.Helper()
	largest := 1.0
	for _, w := range want {
		largest = math.Max(largest, math.Abs(w))
	}
	for i, w := range want {
		require.InDelta(t, w, got[i], bound*largest, "%s, element %d", what, i)
	}
}

func planarConv(s ConvSpec, x, residual []float32, inPlace bool) []float32 {
	a := &Args{In: [][]float32{x}, Out: make([]float32, s.Out.Len())}
	if s.Residual {
		a.In = append(a.In, append([]float32(nil), residual...))
		if inPlace {
			a.Out = a.In[1]
		}
	}
	run(NewConv(s), a)
	return a.Out
}

// blockedResult computes a convolution between blocked maps of random halos,
// or from a planar input to one, and brings the result back. The halo and the
// channels beyond the last must be zero.
func blockedResult(t *testing.T, rng *rand.Rand, s ConvSpec, a Algorithm, x, residual []float32) []float32 {
	b := BlockedSpec{ConvSpec: s, Workers: 1 + rng.IntN(4)}
	b.OutLayout = Layout{Blocked: true, Halo: rng.IntN(3), Extra: rng.IntN(2)}
	b.ResidualLayout = Layout{Blocked: true, Halo: rng.IntN(2)}
	inPlace := rng.IntN(2) == 0
	if inPlace {
		b.ResidualLayout = b.OutLayout
	}
	if a != WinogradStem && (a != Direct || s.In.C >= Block || rng.IntN(2) == 0) {
		b.InLayout = Layout{Blocked: true, Halo: s.Padding[0] + rng.IntN(2)}
		b.InLayout.Extra = a.Extra(s, b.InLayout.Halo) + rng.IntN(2)
	}
	args := &Args{In: [][]float32{laid(x, s.In, b.InLayout)}, Out: randomFloats(rng, b.OutLayout.Floats(s.Out))}
	if s.Residual {
		args.In = append(args.In, laid(residual, s.Out, b.ResidualLayout))
		if inPlace {
			args.Out = args.In[1]
		}
	}
	b.Packed = a.Pack(s, b.InLayout, Aligned)
	run(a.New(b), args)
	out := make([]float32, s.Out.Len())
	run(NewReorder(s.Out, b.OutLayout, Layout{}), &Args{In: [][]float32{args.Out}, Out: out})
	whole := slices.EqualFunc(laid(out, s.Out, b.OutLayout), args.Out, func(want, got float32) bool {
		return want == got || got-got != 0 // in channels that fill up a block, where the others are no numbers
	})
	require.True(t, whole, "%v writes beside its output", a)
	return out
}

// laid is a planar map in another layout.
func laid(x []float32, d Dims, l Layout) []float32 {
	if !l.Blocked {
		return x
	}
	out := Aligned(l.Floats(d))
	run(NewReorder(d, Layout{}, l), &Args{In: [][]float32{x}, Out: out})
	return out
}
