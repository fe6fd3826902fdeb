package graph

import (
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestShape(t *testing.T) {
	assert.Equal(t, "1x3x224x224", Shape{1, 3, 224, 224}.String())
	assert.Equal(t, "scalar", Shape{}.String())
	assert.Equal(t, 150528, Shape{1, 3, 224, 224}.Elems())
	assert.True(t, Shape{1, 2}.Equal(Shape{1, 2}))
	assert.False(t, Shape{1, 2}.Equal(Shape{1, 2, 1}))
	assert.False(t, Shape{1, 2}.Equal(Shape{2, 1}))
	for _, s := range []Shape{{}, {1, 0}, {-1}, {math.MaxInt}, {1 << 30, 1 << 30, 1 << 30}} {
		assert.ErrorIs(t, s.Check(), ErrShape, "%v", s)
	}
	assert.NoError(t, Shape{64, 3, 4096, 4096}.Check())
}

// PyTorch's output extents; ceil mode's are torch's own answers.
func TestWindowExtents(t *testing.T) {
	cases := []struct {
		in, kernel, stride, padding, dilation, floor, ceil int
	}{
		{224, 7, 2, 3, 1, 112, 113},
		{112, 3, 2, 1, 1, 56, 57},
		{113, 3, 2, 1, 1, 57, 57},
		{112, 3, 2, 0, 1, 55, 56},
		{7, 2, 2, 0, 1, 3, 4},
		{5, 2, 3, 1, 1, 2, 2}, // a window may not start in the right padding
		{1, 2, 2, 0, 1, 0, 1},
		{9, 3, 1, 2, 2, 9, 9},
		{2, 5, 1, 0, 1, 0, 0},
	}
	for _, c := range cases {
		w := Square(c.kernel, c.stride, c.padding)
		w.Dilation = [2]int{c.dilation, c.dilation}
		assert.Equal(t, c.floor, w.out(0, c.in), "%+v", c)
		assert.Equal(t, c.ceil, w.outCeil(1, c.in), "%+v", c)
	}
}

func TestCallsOfOneModuleHaveNamesOfTheirOwn(t *testing.T) {
	g := New()
	x := g.Func("input", Input{Channels: 1})
	relu := Activation{Func: ReLU}
	a := g.Call("block.relu", relu, x)
	b := g.Call("block.relu", relu, a)
	c := g.Call("block.relu", relu, b)
	g.Contain("block", x, c)
	assert.Equal(t, []string{"block.relu", "block.relu_1", "block.relu_2"}, []string{a.Name, b.Name, c.Name})
	assert.Equal(t, "block.relu", c.Module)
	assert.Same(t, b, g.Node("block.relu_1"))
	assert.True(t, c.Inside("block"))
	assert.False(t, c.Inside("bloc"))
	m, ok := g.Module("block")
	assert.True(t, ok)
	assert.Same(t, c, m.Output)
}

func TestAncestorsAndMACs(t *testing.T) {
	g := New()
	x := g.Func("input", Input{Channels: 3})
	conv := g.Call("conv", Conv{Window: Square(3, 2, 1), In: 3, Out: 8, Groups: 1}, x)
	side := g.Call("side", Conv{Window: Square(1, 1, 0), In: 3, Out: 8, Groups: 1}, x)
	pool := g.Call("pool", AdaptiveAvgPool{Height: 1, Width: 1}, conv)
	flat := g.Func("flatten", Flatten{}, pool)
	fc := g.Call("fc", Linear{In: 8, Out: 5, Bias: true}, flat)

	order := g.Ancestors(fc)
	assert.Equal(t, []*Node{x, conv, pool, flat, fc}, order)
	assert.NotContains(t, order, side)
	shapes, err := Infer(order, Shape{2, 3, 9, 9})
	require.NoError(t, err)
	assert.Equal(t, Shape{2, 8, 5, 5}, shapes[conv])
	assert.Equal(t, Shape{2, 5}, shapes[fc])
	assert.Equal(t, int64(2*8*25*27), NodeMACs(conv, shapes))
	assert.Equal(t, int64(2*5*8), NodeMACs(fc, shapes))

	_, err = Infer(order, Shape{2, 3, 9})
	assert.ErrorIs(t, err, ErrShape)
	assert.ErrorContains(t, err, "input:")
}

// A network's weights decide its channels; sizes that overflow are errors and
// not allocations.
func TestInferErrors(t *testing.T) {
	image := Shape{1, 4, 8, 8}
	cases := map[string]struct {
		op   Op
		in   []Shape
		says string
	}{
		"no input":      {Add{}, nil, "0 inputs, want 2"},
		"pad":           {Pad{Left: -1}, []Shape{image}, "padding"},
		"pad, overflow": {Pad{Top: 1 << 20, Left: 1 << 20, Back: 1 << 20}, []Shape{{1 << 20, 4, 8, 8}}, "too many"},
		"subsample":     {Subsample{}, []Shape{image}, "stride"},
		"adaptive":      {AdaptiveAvgPool{}, []Shape{image}, "output size"},
		"resize":        {Resize{Size: [2]int{0, 4}}, []Shape{image}, "output size"},
		"avgpool":       {AvgPool{Window: Window{Dilation: [2]int{2, 2}}}, []Shape{image}, "no dilation"},
		"groups":        {GroupNorm{Channels: 4, Groups: 0}, []Shape{image}, "groups"},
	}
	for name, c := range cases {
		_, err := c.op.Infer(c.in)
		require.ErrorIs(t, err, ErrShape, name)
		assert.ErrorContains(t, err, c.says, name)
	}
}

func TestResizeToAnotherMap(t *testing.T) {
	s, err := Resize{Mode: Nearest}.Infer([]Shape{{1, 8, 4, 4}, {1, 2, 7, 9}})
	require.NoError(t, err)
	assert.Equal(t, Shape{1, 8, 7, 9}, s)
}

func TestRepeatSharesParameters(t *testing.T) {
	g := New()
	x := g.Func("input", Input{Channels: 3})
	conv := g.Call("block.conv", Conv{Window: Square(3, 1, 1), In: 3, Out: 3, Groups: 1}, x)
	sum := g.Func("block.add", Add{}, conv, x)
	g.Contain("block", x, sum)
	other := g.Func("other", Input{Channels: 3})
	again := g.Repeat("block", "head.", other)
	require.NotNil(t, again)
	assert.Equal(t, "head.block.add", again.Name)
	assert.Same(t, other, again.Inputs[1])
	copied := again.Inputs[0]
	assert.Equal(t, conv.ParamKey(conv.Op.Params()[0]), copied.ParamKey(copied.Op.Params()[0]))
	assert.Nil(t, g.Repeat("none", "", other))
	late := g.Func("late.add", Add{}, sum, x)
	g.Contain("late", sum, late)
	assert.Nil(t, g.Repeat("late", "", other), "it reads x besides its input")
}
