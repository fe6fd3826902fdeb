package kerneltest

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// Convolution is one with its maps.
type Convolution struct {
	kernel.ConvSpec
	What        string
	x, residual []float32
	want        []float64
}

// NewConvolution gives a convolution random maps and computes it by its
// definition.
func NewConvolution(rng *rand.Rand, s kernel.ConvSpec, what string) *Convolution {
	c := &Convolution{ConvSpec: s, x: Floats(rng, s.In.Len()), residual: Floats(rng, s.Out.Len())}
	c.What = fmt.Sprintf("%s: %v to %v, %+v, %d groups", what, s.In, s.Out, s.Geometry, s.Groups)
	c.want = NaiveConv(s, c.x, c.residual)
	return c
}

// CheckPlanar checks a kernel between planar maps, with the output in its own
// place or on the residual.
func (c *Convolution) CheckPlanar(t testing.TB, rng *rand.Rand, k kernel.Kernel, bound float64) {
	t.Helper()
	m := NewMemory(t, rng.IntN(2) == 0)
	defer m.Release()
	a := &kernel.Args{In: [][]float32{m.With(c.x)}, Out: m.Take(c.Out.Len())}
	if c.Residual {
		a.In = append(a.In, m.With(c.residual))
		if rng.IntN(2) == 0 {
			a.Out = a.In[1]
		}
	}
	Run(t, m, k, a)
	RequireNear(t, c.want, a.Out, bound, k.Name()+", "+c.What)
}

// Check checks an algorithm between blocked maps of random halos, or from a
// planar input to one, with the output in its own place or on the residual.
func (c *Convolution) Check(t testing.TB, rng *rand.Rand, a kernel.Algorithm, bound float64) {
	t.Helper()
	m := NewMemory(t, rng.IntN(2) == 0)
	defer m.Release()
	b := kernel.BlockedSpec{ConvSpec: c.ConvSpec, Workers: 1 + rng.IntN(4)}
	b.OutLayout, b.ResidualLayout = Blocked(rng, rng.IntN(2)), Blocked(rng, 0)
	inPlace := rng.IntN(2) == 0
	if inPlace {
		b.ResidualLayout = b.OutLayout
	}
	b.InLayout = c.inLayout(rng, a)
	args := &kernel.Args{In: [][]float32{Laid(m, c.x, c.In, b.InLayout)}, Out: m.With(Floats(rng, b.OutLayout.Floats(c.Out)))}
	if c.Residual {
		args.In = append(args.In, Laid(m, c.residual, c.Out, b.ResidualLayout))
		if inPlace {
			args.Out = args.In[1]
		}
	}
	b.Packed = a.Pack(c.ConvSpec, b.InLayout, m.Take)
	k := a.New(b)
	Run(t, m, k, args)
	what := k.Name() + ", " + c.What
	RequireNear(t, c.want, Planar(t, args.Out, c.Out, b.OutLayout, what), bound, what)
}

// inLayout is a layout that an algorithm takes: a planar one for few channels,
// at times.
func (c *Convolution) inLayout(rng *rand.Rand, a kernel.Algorithm) kernel.Layout {
	l := kernel.Layout{Blocked: true, Halo: c.Padding[0] + rng.IntN(2)}
	l.Extra = a.Extra(c.ConvSpec, l.Halo) + rng.IntN(2)
	if !a.Applies(c.ConvSpec, l) || c.In.C < kernel.Block && a.Applies(c.ConvSpec, kernel.Layout{}) && rng.IntN(2) == 0 {
		return kernel.Layout{}
	}
	return l
}

// Make returns a kernel of an algorithm with arguments of its own, to run again
// and again.
func Make(s kernel.ConvSpec, a kernel.Algorithm) (kernel.Kernel, *kernel.Args) {
	b := Between(s, a)
	b.Packed = a.Pack(s, b.InLayout, kernel.Aligned)
	args := &kernel.Args{In: [][]float32{kernel.Aligned(b.InLayout.Floats(s.In))}, Out: kernel.Aligned(b.OutLayout.Floats(s.Out))}
	if s.Residual {
		args.In = append(args.In, kernel.Aligned(b.ResidualLayout.Floats(s.Out)))
	}
	return a.New(b), args
}

// Between puts a layer between blocked maps without more than an algorithm needs;
// a stem's input is planar.
func Between(s kernel.ConvSpec, a kernel.Algorithm) kernel.BlockedSpec {
	plain := kernel.Layout{Blocked: true}
	in := kernel.Layout{Blocked: true, Halo: s.Padding[0], Extra: a.Extra(s, s.Padding[0])}
	if s.In.C < kernel.Block {
		in = kernel.Layout{}
	}
	return kernel.BlockedSpec{ConvSpec: s, InLayout: in, OutLayout: plain, ResidualLayout: plain, Workers: 1}
}

// Result is what an algorithm makes of planar maps, planar. Unlike Check it lets
// pass what lies in channels that fill up a block.
func Result(t testing.TB, s kernel.ConvSpec, a kernel.Algorithm, x, residual []float32) []float32 {
	t.Helper()
	m := NewMemory(t, false)
	defer m.Release()
	b := Between(s, a)
	args := &kernel.Args{In: [][]float32{Laid(m, x, s.In, b.InLayout)}, Out: m.Take(b.OutLayout.Floats(s.Out))}
	if s.Residual {
		args.In = append(args.In, Laid(m, residual, s.Out, b.ResidualLayout))
	}
	b.Packed = a.Pack(s, b.InLayout, m.Take)
	Run(t, m, a.New(b), args)
	out := make([]float32, s.Out.Len())
	each(s.Out, b.OutLayout, func(i, j int) { out[i] = args.Out[j] })
	return out
}
