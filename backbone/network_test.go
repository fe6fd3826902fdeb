package backbone

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

var ctx = context.Background()

func newNet(t testing.TB, c Config, opts ...Option) *Network {
	t.Helper()
	n, err := New(c, opts...)
	require.NoError(t, err)
	return n
}

// small is a ResNet-50 of an eighth of the width.
func small(t testing.TB, opts ...Option) *Network {
	c := ResNet50()
	c.WidthMultiplier, c.NumClasses = 0.125, 10
	return newNet(t, c, opts...)
}

func input(t testing.TB, shape ...int) *ops.Tensor {
	t.Helper()
	x, err := ops.New(shape...)
	require.NoError(t, err)
	reftest.Fill("input", x.Data(), -2, 2)
	return x
}

func TestFeaturesEqualWhatForwardPassesThrough(t *testing.T) {
	n, x := small(t), input(t, 2, 3, 64, 96)
	maps, err := n.Features(ctx, x)
	require.NoError(t, err)
	require.Len(t, maps, 4)
	for _, level := range n.Levels() {
		info, err := n.Info(level)
		require.NoError(t, err)
		assert.Equal(t, []int{2, info.Channels, 64 / info.Stride, 96 / info.Stride}, maps[level].Shape())
	}
	all, err := n.Run(ctx, x, "layer4", "res5", "conv5_x", "logits", "fc", "stem", "maxpool")
	require.NoError(t, err)
	assert.Equal(t, maps[C5].Data(), all["layer4"].Data())
	assert.Same(t, all["res5"], all["conv5_x"])
	assert.Same(t, all["stem"], all["maxpool"])
	logits, err := n.Forward(ctx, x)
	require.NoError(t, err)
	assert.Equal(t, []int{2, 10}, logits.Shape())
	assert.Equal(t, logits.Data(), all["logits"].Data())
}

func TestShallowFeaturesDoLessWork(t *testing.T) {
	n := newNet(t, ResNet50())
	shape := []int{1, 3, 224, 224}
	work := map[Level]int64{}
	for _, level := range n.Levels() {
		p, err := n.Plan(shape, string(level))
		require.NoError(t, err)
		work[level] = p.MACs()
	}
	assert.Less(t, work[C3], work[C5]/2)
	assert.Less(t, work[C2], work[C3])
	all, err := n.MACs(shape...)
	require.NoError(t, err)
	assert.Equal(t, int64(2048*1000), all-work[C5], "beyond C5 there is only the classifier")
	both, err := n.Plan(shape, "C3", "C5")
	require.NoError(t, err)
	assert.Equal(t, work[C5], both.MACs(), "C3 is on the way to C5")
}

func TestProfile(t *testing.T) {
	n, x := small(t), input(t, 1, 3, 32, 32)
	p, err := n.Plan(x.Shape(), "C3")
	require.NoError(t, err)
	steps, err := p.Profile(ctx, x, 3)
	require.NoError(t, err)
	var macs int64
	for _, s := range steps {
		assert.Positive(t, s.Time, s.Node)
		macs += s.MACs
	}
	assert.Equal(t, p.MACs(), macs)
	assert.Equal(t, "conv1", steps[0].Node)
	assert.Equal(t, []string{"bn1", "relu"}, steps[0].Fused)
	_, err = p.Profile(ctx, input(t, 1, 3, 32, 33), 1)
	assert.ErrorIs(t, err, ops.ErrShape)
	_, err = p.Profile(ctx, nil, 1)
	assert.ErrorIs(t, err, ops.ErrShape)
}

func TestUnknownNames(t *testing.T) {
	n, x := small(t), input(t, 1, 3, 32, 32)
	_, err := n.Run(ctx, x, "layer3.0.conv4")
	require.ErrorIs(t, err, ErrNode)
	assert.ErrorContains(t, err, "did you mean layer3.0.conv1")
	_, err = n.Run(ctx, x)
	assert.ErrorIs(t, err, ErrNode)
	_, err = n.Run(ctx, x, "input")
	assert.ErrorIs(t, err, ErrNode)
	_, err = n.Features(ctx, x, C3, "C7")
	assert.ErrorIs(t, err, ErrNode)
	_, err = n.Hook("layer9.*", func(context.Context, *Activation) error { return nil })
	assert.ErrorIs(t, err, ErrNode)
	_, err = n.Hook("layer[", func(context.Context, *Activation) error { return nil })
	assert.ErrorIs(t, err, ErrNode)
	_, err = n.Hook("fc", nil)
	assert.Error(t, err)
}

func TestBadInputs(t *testing.T) {
	n := small(t, WithMemoryLimit(64<<20))
	cases := map[string]struct {
		x    *ops.Tensor
		want error
		says string
	}{
		"nil":      {nil, ops.ErrShape, "nil"},
		"channels": {input(t, 1, 4, 32, 32), ops.ErrShape, "has 4 channels, the network takes 3"},
		"rank":     {input(t, 3, 32, 32), ops.ErrShape, "N×C×H×W"},
		"huge":     {input(t, 1, 3, 2500, 2500), ErrMemory, "1x3x2500x2500"},
	}
	for name, c := range cases {
		_, err := n.Forward(ctx, c.x)
		require.ErrorIs(t, err, c.want, name)
		assert.ErrorContains(t, err, c.says, name)
	}
	y, err := n.Forward(ctx, input(t, 1, 3, 1, 1))
	require.NoError(t, err, "one pixel is enough, as in PyTorch")
	assert.Equal(t, []int{1, 10}, y.Shape())
}

func TestManyGoroutinesGiveTheSameBits(t *testing.T) {
	n, x := small(t), input(t, 1, 3, 65, 47)
	want, err := n.Forward(ctx, x)
	require.NoError(t, err)
	one := small(t, WithThreads(1))
	alone, err := one.Forward(ctx, x)
	require.NoError(t, err)
	assert.Equal(t, want.Data(), alone.Data(), "the number of threads does not matter")

	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 3 {
				got, err := n.Forward(ctx, x)
				if assert.NoError(t, err) {
					assert.Equal(t, want.Data(), got.Data())
				}
			}
		})
	}
	wg.Wait()
}

func TestHooksBesideRuns(t *testing.T) {
	n, x := small(t), input(t, 1, 3, 33, 33)
	want, err := n.Forward(ctx, x)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 5 {
				h, err := n.Hook("layer2.*.conv2", func(_ context.Context, a *Activation) error {
					assert.True(t, strings.HasSuffix(a.Name, ".conv2"))
					return nil
				})
				assert.NoError(t, err)
				got, err := n.Forward(ctx, x)
				if assert.NoError(t, err) {
					near(t, want, got)
				}
				h.Remove()
				h.Remove()
			}
		})
	}
	wg.Wait()
	got, err := n.Forward(ctx, x)
	require.NoError(t, err)
	assert.Equal(t, want.Data(), got.Data(), "nothing is left of the hooks")
}

// near compares to 1e-5 of the largest: an observed run fuses less and so
// rounds differently.
func near(t testing.TB, want, got *ops.Tensor) {
	largest, worst := 0.0, 0.0
	for i, v := range want.Data() {
		largest = math.Max(largest, math.Abs(float64(v)))
		worst = math.Max(worst, math.Abs(float64(v-got.Data()[i])))
	}
	assert.LessOrEqual(t, worst, 1e-5*largest)
}

func TestHookOrderAndErrors(t *testing.T) {
	n, x := small(t), input(t, 1, 3, 32, 32)
	var order []string
	note := func(tag string) HookFunc {
		return func(_ context.Context, a *Activation) error {
			order = append(order, tag+a.Node)
			return nil
		}
	}
	add := func(pre bool, pattern, tag string) {
		t.Helper()
		var err error
		if pre {
			_, err = n.PreHook(pattern, note(tag))
		} else {
			_, err = n.Hook(pattern, note(tag))
		}
		require.NoError(t, err)
	}
	add(false, "layer1", "")
	add(false, "layer1.2", "")
	add(false, "layer1.2.relu", "first ")
	add(false, "layer1.2.relu_2", "second ")
	add(true, "layer2", "pre ")
	add(true, "layer2.0", "pre ")
	add(true, "layer2.0.conv1", "pre ")
	add(false, "fc", "")
	_, err := n.Features(ctx, x, C3)
	require.NoError(t, err)
	assert.Equal(t, []string{
		"first layer1.2.relu", "first layer1.2.relu_1", "first layer1.2.relu_2", "second layer1.2.relu_2",
		"layer1.2", "layer1", "pre layer2", "pre layer2.0", "pre layer2.0.conv1",
	}, order, "inside out, then outside in; fc is past what was asked for")

	boom := errors.New("boom")
	_, err = n.Hook("layer3.1.add", func(context.Context, *Activation) error { return boom })
	require.NoError(t, err)
	_, err = n.Forward(ctx, x)
	require.ErrorIs(t, err, boom)
	assert.ErrorContains(t, err, "hook on layer3.1.add")
}

func TestReplaceChecksTheShape(t *testing.T) {
	n, x := small(t), input(t, 1, 3, 32, 32)
	_, err := n.Hook("C3", func(_ context.Context, a *Activation) error {
		assert.ErrorIs(t, a.Replace(nil), ops.ErrShape)
		return a.Replace(x)
	})
	require.NoError(t, err)
	_, err = n.Forward(ctx, x)
	require.ErrorIs(t, err, ops.ErrShape)
	assert.ErrorContains(t, err, "layer2")
}

func TestCancelledContext(t *testing.T) {
	n, x := small(t), input(t, 1, 3, 64, 64)
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	_, err := n.Forward(cancelled, x)
	assert.ErrorIs(t, err, context.Canceled)

	during, cancel := context.WithCancel(ctx)
	reached := false
	_, err = n.Hook("layer2.0", func(context.Context, *Activation) error { cancel(); return nil })
	require.NoError(t, err)
	_, err = n.Hook("layer2.1", func(context.Context, *Activation) error { reached = true; return nil })
	require.NoError(t, err)
	_, err = n.Forward(during, x)
	assert.ErrorIs(t, err, context.Canceled)
	assert.False(t, reached)
}

// copyOf is a state dict of the network's weights that can be changed.
func copyOf(t *testing.T, n *Network, change func(name string, x *ops.Tensor) (string, *ops.Tensor)) *weights.StateDict {
	t.Helper()
	sd, err := n.StateDict()
	require.NoError(t, err)
	out := weights.New()
	for _, name := range sd.Names() {
		p, _ := sd.Get(name)
		data, err := p.Float32s()
		require.NoError(t, err)
		x, err := ops.FromSlice(data, p.Shape()...)
		require.NoError(t, err)
		if name, x = change(name, x); x != nil {
			require.NoError(t, out.Put(name, x))
		}
	}
	return out
}

func TestLoadListsEveryDisagreement(t *testing.T) {
	n, from := small(t), small(t, WithSeed(1))
	x := input(t, 1, 3, 32, 32)
	before, err := n.Forward(ctx, x)
	require.NoError(t, err)
	sd := copyOf(t, from, func(name string, x *ops.Tensor) (string, *ops.Tensor) {
		switch name {
		case "layer1.0.conv1.weight", "fc.bias":
			return name, nil
		case "layer2.0.bn1.weight":
			return "layer2.0.bn9.weight", x
		case "fc.weight":
			wide, err := ops.New(1000, x.Dim(1))
			require.NoError(t, err)
			return name, wide
		}
		return name, x
	})
	err = n.Load(sd)
	require.ErrorIs(t, err, weights.ErrWeights)
	var e *LoadError
	require.ErrorAs(t, err, &e)
	assert.Equal(t, []string{"layer1.0.conv1.weight 8x8x1x1", "layer2.0.bn1.weight 16", "fc.bias 10"}, e.Missing)
	assert.Equal(t, []string{"layer2.0.bn9.weight"}, e.Unexpected)
	assert.Equal(t, []string{"fc.weight: checkpoint 1000x256, model 10x256"}, e.Misshapen)
	assert.EqualError(t, err, "the state dict does not fit the model (read as torchvision keys): "+
		"3 missing: layer1.0.conv1.weight 8x8x1x1, layer2.0.bn1.weight 16, fc.bias 10; 1 unexpected: layer2.0.bn9.weight; "+
		"1 misshapen: fc.weight: checkpoint 1000x256, model 10x256")
	assert.Equal(t, []string{
		"the state dict does not fit the model (read as torchvision keys)",
		"missing: layer1.0.conv1.weight 8x8x1x1", "missing: layer2.0.bn1.weight 16", "missing: fc.bias 10",
		"unexpected: layer2.0.bn9.weight", "misshapen: fc.weight: checkpoint 1000x256, model 10x256",
	}, e.Details())
	long := &LoadError{Source: "a\nb", Missing: []string{"a", "b", "c", "d"}, Unexpected: []string{"x\ny"}, Hint: "do that"}
	assert.Equal(t, `a\nb does not fit the model (read as  keys): 4 missing: a, b, c, …; 1 unexpected: x\ny; do that`, long.Error())
	after, err := n.Forward(ctx, x)
	require.NoError(t, err)
	assert.Equal(t, before.Data(), after.Data(), "a failed load changes nothing")

	assert.Error(t, n.Load(nil))
	require.NoError(t, n.Load(sd, ReplaceClassifier(), AllowMissing("layer1.0.conv1.weight", "layer2.**"), IgnoreUnexpected("layer2.*.bn9.*")))
}

func TestReplaceClassifier(t *testing.T) {
	c := ResNet18()
	c.WidthMultiplier, c.NumClasses = 0.125, 1000
	pretrained := newNet(t, c, WithSeed(1))
	sd := copyOf(t, pretrained, func(name string, x *ops.Tensor) (string, *ops.Tensor) { return name, x })
	x := input(t, 1, 3, 32, 32)
	want, err := pretrained.Features(ctx, x, C5)
	require.NoError(t, err)

	c.NumClasses = 3
	n := newNet(t, c, WithSeed(2))
	require.Error(t, n.Load(sd))
	require.NoError(t, n.Load(sd, ReplaceClassifier()))
	got, err := n.Features(ctx, x, C5)
	require.NoError(t, err)
	assert.Equal(t, want[C5].Data(), got[C5].Data())
	logits, err := n.Forward(ctx, x)
	require.NoError(t, err)
	assert.Equal(t, []int{1, 3}, logits.Shape())

	headless := newNet(t, c, WithoutClassifier())
	require.Error(t, headless.Load(sd))
	require.NoError(t, headless.Load(sd, IgnoreUnexpected("fc.*")))
	last, err := headless.Forward(ctx, x)
	require.NoError(t, err)
	assert.Equal(t, want[C5].Data(), last.Data(), "without a classifier Forward ends at the last map")
}

// Loading while runs go on: each run has either set of weights, never a mix.
func TestLoadBesideRuns(t *testing.T) {
	n, x := small(t, WithSeed(1)), input(t, 1, 3, 33, 33)
	other := small(t, WithSeed(2))
	same := func(name string, x *ops.Tensor) (string, *ops.Tensor) { return name, x }
	first, second := copyOf(t, n, same), copyOf(t, other, same)
	a, err := n.Forward(ctx, x)
	require.NoError(t, err)
	b, err := other.Forward(ctx, x)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 10 {
				got, err := n.Forward(ctx, x)
				if assert.NoError(t, err) && got.Data()[0] != a.Data()[0] {
					assert.Equal(t, b.Data(), got.Data())
				}
			}
		})
	}
	for range 5 {
		require.NoError(t, n.Load(second))
		require.NoError(t, n.Load(first))
	}
	wg.Wait()
}

func TestNaNWeightsAreAllowed(t *testing.T) {
	n := small(t)
	sd := copyOf(t, n, func(name string, x *ops.Tensor) (string, *ops.Tensor) {
		x = x.Clone()
		if name == "layer1.0.bn1.bias" {
			x.Data()[0] = float32(math.NaN())
		}
		return name, x
	})
	require.NoError(t, n.Load(sd))
	y, err := n.Forward(ctx, input(t, 1, 3, 32, 32))
	require.NoError(t, err)
	assert.True(t, y.Data()[0] != y.Data()[0], "NaN shows in the logits")
}

func TestWithoutWinograd(t *testing.T) {
	for _, direct := range []bool{false, true} {
		opts := []Option{WithThreads(1)}
		if direct {
			opts = append(opts, WithoutWinograd())
		}
		net, err := New(ResNet18(), opts...)
		require.NoError(t, err)
		plan, err := net.Plan([]int{1, 3, 64, 64})
		require.NoError(t, err)
		if direct {
			require.NotContains(t, plan.String(), "winograd")
		} else if kernel.Blocked() {
			require.Contains(t, plan.String(), "winograd")
		}
	}
}
