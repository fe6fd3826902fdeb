package ops_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops"
)

// fixture is a case of testdata/ops/ops.json: an operator, its options by
// this package's names, and the shapes of its tensors.
type fixture struct {
	Name, Op string
	Inputs   [][]int
	Weight   []int
	Bias     bool
	Range    *[2]float64
	NaN      []int
	Options  json.RawMessage
}

// TestFixtures compares every operator with PyTorch. op_fixtures.py in
// testdata/gen says how the tensors are filled.
func TestFixtures(t *testing.T) {
	text, err := os.ReadFile(reftest.Testdata("ops", "ops.json"))
	require.NoError(t, err)
	var fixtures []fixture
	require.NoError(t, json.Unmarshal(text, &fixtures))
	want, _ := reftest.ReadArrays(t, reftest.Testdata("ops", "ops.safetensors"))
	require.Len(t, want, len(fixtures))
	var worst reftest.Worst
	for _, f := range fixtures {
		t.Run(f.Name, func(t *testing.T) {
			got, err := f.run(t, f.inputs(t))
			require.NoError(t, err)
			require.Equal(t, want[f.Name].Shape, got.Shape())
			worst.Add(f.Name, compare(t, f.Name, got.Data(), want[f.Name].Data))
		})
	}
	t.Log(&worst)
}

// compare is reftest.Close for tensors that may hold NaN in the same places.
func compare(t *testing.T, name string, got, want []float32) float64 {
	got, want = slices.Clone(got), slices.Clone(want)
	for i, v := range want {
		if math.IsNaN(float64(v)) && assert.True(t, math.IsNaN(float64(got[i])), "value %d is %v, want NaN", i, got[i]) {
			got[i], want[i] = 0, 0
		}
	}
	return reftest.Close(t, name, got, want, reftest.Tolerance)
}

func (f *fixture) tensor(t *testing.T, what string, lo, hi float64, shape ...int) *ops.Tensor {
	x, err := ops.New(shape...)
	require.NoError(t, err)
	reftest.Fill(f.Name+"/"+what, x.Data(), lo, hi)
	return x
}

func (f *fixture) inputs(t *testing.T) []*ops.Tensor {
	bounds := [2]float64{-2, 2}
	if f.Range != nil {
		bounds = *f.Range
	}
	var list []*ops.Tensor
	for i, shape := range f.Inputs {
		list = append(list, f.tensor(t, fmt.Sprintf("x%d", i), bounds[0], bounds[1], shape...))
	}
	for _, i := range f.NaN {
		list[0].Data()[i] = float32(math.NaN())
	}
	return list
}

// bias is nil where the fixture has none.
func (f *fixture) bias(t *testing.T) *ops.Tensor {
	if !f.Bias {
		return nil
	}
	return f.tensor(t, "bias", -1, 1, f.Weight[0])
}

// decode reads the fixture's options into a struct of the operator's own.
func decode[T any](t *testing.T, f *fixture) (options T) {
	require.NoError(t, json.Unmarshal(f.Options, &options))
	return options
}

// operatorOptions are the options of operators that take them as arguments.
type operatorOptions struct {
	Eps     float64
	Groups  int
	Slope   float32
	Size    [2]int
	Padding ops.Padding
	Value   float32
}

func (f *fixture) run(t *testing.T, xs []*ops.Tensor) (*ops.Tensor, error) {
	x := xs[0]
	channel := func(what string, lo, hi float64) *ops.Tensor { return f.tensor(t, what, lo, hi, x.Dim(1)) }
	switch f.Op {
	case "conv2d":
		options := ops.Conv2DOptions{}
		if f.Options != nil {
			options = decode[ops.Conv2DOptions](t, f)
		}
		return ops.Conv2D(x, f.tensor(t, "weight", -1, 1, f.Weight...), f.bias(t), options)
	case "linear":
		return ops.Linear(x, f.tensor(t, "weight", -1, 1, f.Weight...), f.bias(t))
	case "batch_norm":
		return ops.BatchNorm(x, channel("weight", -1, 1), channel("bias", -1, 1),
			channel("running_mean", -1, 1), channel("running_var", 0.5, 1.5), decode[operatorOptions](t, f).Eps)
	case "group_norm":
		o := decode[operatorOptions](t, f)
		return ops.GroupNorm(x, o.Groups, channel("weight", -1, 1), channel("bias", -1, 1), o.Eps)
	case "relu":
		return ops.ReLU(x)
	case "leaky_relu":
		return ops.LeakyReLU(x, decode[operatorOptions](t, f).Slope)
	case "sigmoid":
		return ops.Sigmoid(x)
	case "softmax":
		return ops.Softmax(x)
	case "add":
		return ops.Add(x, xs[1])
	case "cat":
		return ops.Concat(xs...)
	case "max_pool2d":
		return ops.MaxPool2D(x, decode[ops.PoolOptions](t, f))
	case "avg_pool2d":
		return ops.AvgPool2D(x, decode[ops.PoolOptions](t, f))
	case "adaptive_avg_pool2d":
		size := decode[operatorOptions](t, f).Size
		return ops.AdaptiveAvgPool2D(x, size[0], size[1])
	case "pad":
		o := decode[operatorOptions](t, f)
		return ops.Pad(x, o.Padding, o.Value)
	case "interpolate":
		return ops.Interpolate(x, decode[ops.InterpolateOptions](t, f))
	}
	return nil, fmt.Errorf("no operator %q", f.Op)
}
