package ops

import (
	"fmt"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
)

// random is a tensor of values in [-1, 1) that depend on the name.
func random(t testing.TB, name string, shape ...int) *Tensor {
	t.Helper()
	x, err := New(shape...)
	require.NoError(t, err)
	reftest.Fill(name, x.Data(), -1, 1)
	return x
}

// near asserts that a result has the reference's shape and values, to 1e-5 of
// the largest.
func near(t *testing.T, want naive, got *Tensor, err error) {
	t.Helper()
	require.NoError(t, err)
	require.Equal(t, want.shape, got.Shape())
	largest, worst := 1e-3, 0.0
	for _, v := range want.data {
		largest = math.Max(largest, math.Abs(v))
	}
	for i, v := range got.Data() {
		d := math.Abs(float64(v) - want.data[i])
		if !(d <= worst) {
			worst = d
		}
	}
	assert.LessOrEqual(t, worst, 1e-5*largest)
}

func TestConv2D(t *testing.T) {
	cases := []struct {
		n, c, h, w, out, kh, kw int
		opt                     Conv2DOptions
	}{
		{1, 3, 7, 9, 4, 3, 3, Conv2DOptions{}},
		{2, 5, 8, 7, 6, 3, 3, Conv2DOptions{Padding: [2]int{1, 1}}},
		{1, 4, 9, 9, 8, 3, 3, Conv2DOptions{Stride: [2]int{2, 2}, Padding: [2]int{1, 1}}},
		{1, 3, 23, 31, 7, 7, 7, Conv2DOptions{Stride: [2]int{2, 2}, Padding: [2]int{3, 3}}},
		{3, 8, 5, 6, 9, 1, 1, Conv2DOptions{}},
		{2, 8, 15, 17, 5, 1, 1, Conv2DOptions{Stride: [2]int{2, 2}}},
		{1, 6, 13, 11, 4, 3, 3, Conv2DOptions{Padding: [2]int{4, 4}, Dilation: [2]int{4, 4}}},
		{1, 8, 10, 10, 12, 3, 3, Conv2DOptions{Padding: [2]int{1, 1}, Groups: 4}},
		{2, 6, 9, 4, 6, 3, 3, Conv2DOptions{Padding: [2]int{1, 1}, Groups: 6}},
		{1, 2, 6, 9, 3, 2, 5, Conv2DOptions{Stride: [2]int{1, 3}, Padding: [2]int{0, 2}, Dilation: [2]int{2, 1}}},
		{1, 1, 1, 1, 1, 1, 1, Conv2DOptions{}},
		{1, 2, 1, 40, 3, 3, 3, Conv2DOptions{Padding: [2]int{1, 1}}},
		{1, 2, 3, 3, 2, 3, 3, Conv2DOptions{Padding: [2]int{5, 5}}}, // whole windows in the padding
		{1, 70, 16, 16, 130, 3, 3, Conv2DOptions{Padding: [2]int{1, 1}}},
	}
	for i, c := range cases {
		for _, withBias := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d/bias=%v", i, withBias), func(t *testing.T) {
				full := c.opt
				full.Groups = max(1, full.Groups)
				full.Stride = orDefault(full.Stride, [2]int{1, 1})
				full.Dilation = orDefault(full.Dilation, [2]int{1, 1})
				x := random(t, "x", c.n, c.c, c.h, c.w)
				w := random(t, "w", c.out, c.c/full.Groups, c.kh, c.kw)
				var bias *Tensor
				var b []float64
				if withBias {
					bias = random(t, "b", c.out)
					b = toNaive(bias).data
				}
				outH := (c.h+2*full.Padding[0]-full.Dilation[0]*(c.kh-1)-1)/full.Stride[0] + 1
				outW := (c.w+2*full.Padding[1]-full.Dilation[1]*(c.kw-1)-1)/full.Stride[1] + 1
				got, err := Conv2D(x, w, bias, c.opt)
				near(t, naiveConv(toNaive(x), toNaive(w), b, full, outH, outW), got, err)
			})
		}
	}
}

func TestPools(t *testing.T) {
	cases := []struct {
		h, w, outH, outW int
		opt              PoolOptions
	}{
		{8, 8, 4, 4, PoolOptions{Kernel: [2]int{2, 2}}},
		{7, 9, 4, 5, PoolOptions{Kernel: [2]int{3, 3}, Stride: [2]int{2, 2}, Padding: [2]int{1, 1}}},
		{7, 9, 3, 4, PoolOptions{Kernel: [2]int{2, 2}}},
		{7, 9, 4, 5, PoolOptions{Kernel: [2]int{2, 2}, CeilMode: true}},
		{6, 5, 3, 3, PoolOptions{Kernel: [2]int{3, 2}, Stride: [2]int{2, 2}, CeilMode: true}},
		{5, 5, 2, 2, PoolOptions{Kernel: [2]int{2, 2}, Stride: [2]int{3, 3}, Padding: [2]int{1, 1}, CeilMode: true}},
		{1, 1, 1, 1, PoolOptions{Kernel: [2]int{2, 2}, CeilMode: true}},
		{1, 1, 1, 1, PoolOptions{Kernel: [2]int{3, 3}, Stride: [2]int{2, 2}, Padding: [2]int{1, 1}}},
	}
	for i, c := range cases {
		x := random(t, "x", 2, 3, c.h, c.w)
		full := c.opt
		full.Stride = orDefault(full.Stride, full.Kernel)
		full.Dilation = [2]int{1, 1}
		t.Run(fmt.Sprintf("max/%d", i), func(t *testing.T) {
			got, err := MaxPool2D(x, c.opt)
			near(t, naivePool(toNaive(x), full, c.outH, c.outW, math.Inf(-1), math.Max,
				func(a float64, _, _ int) float64 { return a }), got, err)
		})
		sum := func(a, v float64) float64 { return a + v }
		t.Run(fmt.Sprintf("avg/%d", i), func(t *testing.T) {
			got, err := AvgPool2D(x, c.opt)
			near(t, naivePool(toNaive(x), full, c.outH, c.outW, 0, sum,
				func(a float64, _, padded int) float64 { return a / float64(padded) }), got, err)
		})
		t.Run(fmt.Sprintf("avg/exclude/%d", i), func(t *testing.T) {
			opt := c.opt
			opt.ExcludePad = true
			got, err := AvgPool2D(x, opt)
			near(t, naivePool(toNaive(x), full, c.outH, c.outW, 0, sum,
				func(a float64, inside, _ int) float64 { return a / float64(inside) }), got, err)
		})
	}
	t.Run("max/dilated", func(t *testing.T) {
		x := random(t, "x", 1, 2, 9, 10)
		opt := PoolOptions{Kernel: [2]int{3, 3}, Stride: [2]int{2, 1}, Padding: [2]int{1, 1}, Dilation: [2]int{2, 3}}
		got, err := MaxPool2D(x, opt)
		near(t, naivePool(toNaive(x), opt, 4, 6, math.Inf(-1), math.Max,
			func(a float64, _, _ int) float64 { return a }), got, err)
	})
}

func TestAdaptiveAvgPool2D(t *testing.T) {
	for _, c := range [][4]int{{7, 7, 1, 1}, {7, 10, 3, 4}, {2, 3, 5, 7}, {1, 1, 2, 2}, {13, 5, 6, 6}} {
		x := random(t, "x", 2, 3, c[0], c[1])
		got, err := AdaptiveAvgPool2D(x, c[2], c[3])
		near(t, naiveAdaptive(toNaive(x), c[2], c[3]), got, err)
	}
}

func TestNorms(t *testing.T) {
	x := random(t, "x", 2, 6, 5, 7)
	weight, bias, mean := random(t, "w", 6), random(t, "b", 6), random(t, "m", 6)
	variance := random(t, "v", 6)
	for i := range variance.Data() {
		variance.Data()[i] += 1.5
	}
	w, b, m, v := toNaive(weight).data, toNaive(bias).data, toNaive(mean).data, toNaive(variance).data
	in := toNaive(x)
	t.Run("batch", func(t *testing.T) {
		got, err := BatchNorm(x, weight, bias, mean, variance, 1e-3)
		near(t, newNaive(2, 6, 5, 7).each(func(i, c, y, xx int) float64 {
			return (in.at(i, c, y, xx)-m[c])/math.Sqrt(v[c]+1e-3)*w[c] + b[c]
		}), got, err)
	})
	for _, groups := range []int{1, 2, 3, 6} {
		t.Run(fmt.Sprintf("group/%d", groups), func(t *testing.T) {
			got, err := GroupNorm(x, groups, weight, bias, 1e-5)
			near(t, naiveGroupNorm(in, groups, w, b, 1e-5), got, err)
		})
	}
}

func TestElementwise(t *testing.T) {
	x, y := random(t, "x", 2, 3, 4, 5), random(t, "y", 2, 3, 4, 5)
	in, other := toNaive(x), toNaive(y)
	each := func(f func(a, b float64) float64) naive {
		return newNaive(2, 3, 4, 5).each(func(i, c, yy, xx int) float64 {
			return f(in.at(i, c, yy, xx), other.at(i, c, yy, xx))
		})
	}
	got, err := ReLU(x)
	near(t, each(func(a, _ float64) float64 { return math.Max(a, 0) }), got, err)
	got, err = LeakyReLU(x, 0.1)
	near(t, each(func(a, _ float64) float64 { return math.Max(a, 0) + 0.1*math.Min(a, 0) }), got, err)
	got, err = Sigmoid(x)
	near(t, each(func(a, _ float64) float64 { return 1 / (1 + math.Exp(-a)) }), got, err)
	got, err = Add(x, y)
	near(t, each(func(a, b float64) float64 { return a + b }), got, err)
	got, err = Softmax(x)
	near(t, naiveSoftmax(in), got, err)
	got, err = Pad(x, Padding{Left: 1, Right: 2, Top: 0, Bottom: 3}, -7)
	near(t, newNaive(2, 3, 7, 8).each(func(i, c, yy, xx int) float64 {
		if !in.inside(yy, xx-1) {
			return -7
		}
		return in.at(i, c, yy, xx-1)
	}), got, err)
}

func TestConcat(t *testing.T) {
	parts := []*Tensor{random(t, "a", 2, 1, 3, 4), random(t, "b", 2, 4, 3, 4), random(t, "c", 2, 2, 3, 4)}
	got, err := Concat(parts...)
	near(t, newNaive(2, 7, 3, 4).each(func(i, c, y, x int) float64 {
		for _, p := range parts {
			if c < p.Dim(1) {
				return toNaive(p).at(i, c, y, x)
			}
			c -= p.Dim(1)
		}
		return math.NaN()
	}), got, err)
}

func TestLinear(t *testing.T) {
	for _, c := range [][3]int{{1, 5, 3}, {7, 130, 70}, {200, 3, 2}} {
		x, w, b := random(t, "x", c[0], c[1]), random(t, "w", c[2], c[1]), random(t, "b", c[2])
		got, err := Linear(x, w, b)
		near(t, naiveLinear(toNaive(x), toNaive(w), toNaive(b).data), got, err)
		got, err = Linear(x, w, nil)
		near(t, naiveLinear(toNaive(x), toNaive(w), make([]float64, c[2])), got, err)
	}
}

func TestInterpolate(t *testing.T) {
	const h, w = 5, 7
	x := random(t, "x", 2, 3, h, w)
	for _, mode := range []InterpolateMode{Nearest, Bilinear, BilinearAlignCorners} {
		for _, size := range [][2]int{{5, 7}, {10, 14}, {3, 4}, {1, 1}, {9, 2}, {16, 16}} {
			t.Run(fmt.Sprintf("%s/%v", mode, size), func(t *testing.T) {
				stepY, stepX := float64(h)/float64(size[0]), float64(w)/float64(size[1])
				if mode == BilinearAlignCorners {
					stepY, stepX = float64(h-1)/math.Max(1, float64(size[0]-1)), float64(w-1)/math.Max(1, float64(size[1]-1))
				}
				got, err := Interpolate(x, InterpolateOptions{Mode: mode, Size: size})
				near(t, naiveResize(toNaive(x), mode, size[0], size[1], stepY, stepX), got, err)
			})
		}
	}
	for _, mode := range []InterpolateMode{Nearest, Bilinear} {
		t.Run(string(mode)+"/scale", func(t *testing.T) {
			got, err := Interpolate(x, InterpolateOptions{Mode: mode, Scale: [2]float64{1.7, 2.5}})
			near(t, naiveResize(toNaive(x), mode, 8, 17, 1/1.7, 1/2.5), got, err)
		})
	}
}

// A NaN in the input must reach the output, as in PyTorch: it is how broken
// weights show.
func TestNaNPropagates(t *testing.T) {
	nan := float32(math.NaN())
	x, err := FromSlice([]float32{nan, 1, 2, 3}, 1, 1, 2, 2)
	require.NoError(t, err)
	for name, f := range map[string]func() (*Tensor, error){
		"relu":    func() (*Tensor, error) { return ReLU(x) },
		"leaky":   func() (*Tensor, error) { return LeakyReLU(x, 0.1) },
		"sigmoid": func() (*Tensor, error) { return Sigmoid(x) },
		"maxpool": func() (*Tensor, error) { return MaxPool2D(x, PoolOptions{Kernel: [2]int{2, 2}}) },
		"avgpool": func() (*Tensor, error) { return AvgPool2D(x, PoolOptions{Kernel: [2]int{2, 2}}) },
		"softmax": func() (*Tensor, error) { return Softmax(x) },
		"add":     func() (*Tensor, error) { return Add(x, x) },
	} {
		y, err := f()
		require.NoError(t, err, name)
		assert.True(t, y.Data()[0] != y.Data()[0], "%s: %v", name, y.Data())
	}
}

func TestShapeErrors(t *testing.T) {
	x := random(t, "x", 1, 3, 8, 8)
	vector := random(t, "v", 3)
	w := random(t, "w", 4, 3, 3, 3)
	cases := map[string]struct {
		f    func() (*Tensor, error)
		says string
	}{
		"nil input":       {func() (*Tensor, error) { return ReLU(nil) }, "nil"},
		"nil weight":      {func() (*Tensor, error) { return Conv2D(x, nil, nil, Conv2DOptions{}) }, "weight is nil"},
		"channels":        {func() (*Tensor, error) { return Conv2D(random(t, "y", 1, 4, 8, 8), w, nil, Conv2DOptions{}) }, "has 4 channels, the weight takes 3"},
		"rank":            {func() (*Tensor, error) { return Conv2D(vector, w, nil, Conv2DOptions{}) }, "want N×C×H×W"},
		"bias":            {func() (*Tensor, error) { return Conv2D(x, w, vector, Conv2DOptions{}) }, "bias is 3, want 4"},
		"too small":       {func() (*Tensor, error) { return Conv2D(random(t, "y", 1, 3, 2, 8), w, nil, Conv2DOptions{}) }, "too small"},
		"negative stride": {func() (*Tensor, error) { return Conv2D(x, w, nil, Conv2DOptions{Stride: [2]int{-1, 1}}) }, "stride"},
		"huge padding":    {func() (*Tensor, error) { return Conv2D(x, w, nil, Conv2DOptions{Padding: [2]int{1 << 40, 0}}) }, "padding"},
		"groups":          {func() (*Tensor, error) { return Conv2D(x, w, nil, Conv2DOptions{Groups: 3}) }, "groups"},
		"pool padding": {func() (*Tensor, error) {
			return MaxPool2D(x, PoolOptions{Kernel: [2]int{2, 2}, Padding: [2]int{2, 2}})
		}, "half the kernel"},
		"pool kernel":    {func() (*Tensor, error) { return MaxPool2D(x, PoolOptions{}) }, "kernel"},
		"add":            {func() (*Tensor, error) { return Add(x, vector) }, "cannot add 1x3x8x8 and 3"},
		"concat nothing": {func() (*Tensor, error) { return Concat() }, "nothing"},
		"concat":         {func() (*Tensor, error) { return Concat(x, random(t, "y", 1, 3, 8, 7)) }, "differ"},
		"softmax":        {func() (*Tensor, error) { return Softmax(vector) }, "softmax"},
		"size and scale": {func() (*Tensor, error) { return Interpolate(x, InterpolateOptions{}) }, "one of them"},
		"mode":           {func() (*Tensor, error) { return Interpolate(x, InterpolateOptions{Mode: "cubic"}) }, "cubic"},
		"scale": {func() (*Tensor, error) {
			return Interpolate(x, InterpolateOptions{Scale: [2]float64{math.Inf(1), 1}})
		}, "scale factor"},
		"linear": {func() (*Tensor, error) { return Linear(random(t, "y", 2, 4), random(t, "z", 2, 3), nil) }, "4 features, the weight takes 3"},
		"norm":   {func() (*Tensor, error) { return BatchNorm(x, vector, vector, vector, nil, 1e-5) }, "running_var is nil"},
		"group":  {func() (*Tensor, error) { return GroupNorm(x, 2, vector, vector, 1e-5) }, "2 groups must divide 3"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := c.f()
			require.ErrorIs(t, err, ErrShape)
			assert.ErrorContains(t, err, c.says)
		})
	}
}
