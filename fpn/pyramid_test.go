package fpn_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/fpn"
	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// thin makes a backbone and a pyramid on it.
func thin(t *testing.T, c fpn.Config) (*backbone.Network, *fpn.Pyramid) {
	t.Helper()
	cfg := backbone.ResNet18()
	cfg.WidthMultiplier = 0.25
	net, err := backbone.New(cfg)
	require.NoError(t, err)
	pyr, err := fpn.New(net, c)
	require.NoError(t, err)
	return net, pyr
}

func image(t *testing.T, shape ...int) *ops.Tensor {
	t.Helper()
	x, err := ops.New(shape...)
	require.NoError(t, err)
	for i := range x.Data() {
		x.Data()[i] = float32(i%17)/8 - 1
	}
	return x
}

// Backbone and neck are one plan: maps are copied to the caller's layout, and
// nothing else is.
func TestOnePlan(t *testing.T) {
	if !kernel.Blocked() {
		t.Skip("no blocked layouts here")
	}
	for _, c := range []fpn.Config{{Extra: fpn.MaxPool}, fpn.TorchvisionRetinaNet(), {Norm: fpn.BatchNorm, BottomUp: true}, {Norm: fpn.GroupNorm, Fuse: fpn.Average}} {
		_, pyr := thin(t, c)
		names := make([]string, 0, len(pyr.Levels()))
		for _, l := range pyr.Levels() {
			names = append(names, string(l))
		}
		plan, err := pyr.Plan([]int{1, 3, 97, 129}, names...)
		require.NoError(t, err)
		assert.Equal(t, len(names), strings.Count(plan.String(), "reorder"), "%v", plan)
		assert.NotContains(t, plan.String(), "batchnorm", "normalisations are folded")
	}
}

func TestLevels(t *testing.T) {
	_, pyr := thin(t, fpn.TorchvisionDetection())
	assert.Equal(t, []fpn.Level{"P2", "P3", "P4", "P5", "P6"}, pyr.Levels())
	for spelling, want := range map[fpn.Level]int{"P2": 4, "p3": 8, "2": 16, "pool": 64, "P6": 64, "fpn_output5": 32, "fpn.layer_blocks.0": 4} {
		info, err := pyr.Info(spelling)
		require.NoError(t, err, spelling)
		assert.Equal(t, backbone.Info{Channels: 256, Stride: want}, info, spelling)
	}
	_, retina := thin(t, fpn.TorchvisionRetinaNet())
	assert.Equal(t, []fpn.Level{"P3", "P4", "P5", "P6", "P7"}, retina.Levels())
	for spelling, want := range map[fpn.Level]int{"0": 8, "1": 16, "2": 32, "p6": 64, "p7": 128} {
		info, err := retina.Info(spelling)
		require.NoError(t, err, spelling)
		assert.Equal(t, want, info.Stride, spelling)
		hook, err := retina.Hook(string(spelling), func(context.Context, *backbone.Activation) error { return nil })
		require.NoError(t, err, spelling)
		hook.Remove()
	}
	_, err := pyr.Info("P7")
	assert.ErrorIs(t, err, backbone.ErrNode)
	_, err = pyr.Features(context.Background(), image(t, 1, 3, 64, 64), "C3")
	assert.ErrorIs(t, err, backbone.ErrNode)
}

// A pyramid starts with its backbone's weights, whose maps it leaves as they
// are.
func TestKeepsBackbone(t *testing.T) {
	net, pyr := thin(t, fpn.Config{})
	x := image(t, 1, 3, 65, 70)
	want, err := net.Run(context.Background(), x, "C4", "layer2.1.relu")
	require.NoError(t, err)
	got, err := pyr.Run(context.Background(), x, "backbone.body.layer3", "res3.1.relu", "P3")
	require.NoError(t, err)
	assert.Equal(t, want["C4"].Data(), got["backbone.body.layer3"].Data())
	assert.Equal(t, want["layer2.1.relu"].Data(), got["res3.1.relu"].Data())
	assert.Equal(t, []int{1, 256, 9, 9}, got["P3"].Shape())
}

// Hooks see levels and what lies before them, and change what follows.
func TestHooks(t *testing.T) {
	_, pyr := thin(t, fpn.TorchvisionDetection())
	x := image(t, 1, 3, 64, 64)
	before, err := pyr.Features(context.Background(), x)
	require.NoError(t, err)
	var seen []string
	for _, pattern := range []string{"P5", "fpn.inner_blocks.*", "C5"} {
		_, err := pyr.Hook(pattern, func(_ context.Context, a *backbone.Activation) error {
			seen = append(seen, a.Name)
			return nil
		})
		require.NoError(t, err)
	}
	zero, err := pyr.Hook("fpn_lateral5", func(_ context.Context, a *backbone.Activation) error {
		return a.Replace(image(t, 1, 256, 2, 2))
	})
	require.NoError(t, err)
	after, err := pyr.Features(context.Background(), x)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"layer4", "fpn.inner_blocks.0", "fpn.inner_blocks.1", "fpn.inner_blocks.2", "fpn.inner_blocks.3", "fpn.layer_blocks.3.0"}, seen)
	for level, m := range after {
		assert.NotEqual(t, before[level].Data(), m.Data(), "%s computes from the replacement", level)
	}
	zero.Remove()
	again, err := pyr.Features(context.Background(), x)
	require.NoError(t, err)
	assert.InDeltaSlice(t, before["P2"].Data(), again["P2"].Data(), 1e-4)
}

// rename puts a pyramid's weights under other keys.
func rename(t *testing.T, pyr *fpn.Pyramid, to func(string) string) *weights.StateDict {
	t.Helper()
	own, err := pyr.StateDict()
	require.NoError(t, err)
	sd := weights.New()
	for _, name := range own.Names() {
		entry, _ := own.Get(name)
		x, err := ops.New(entry.Shape()...)
		require.NoError(t, err)
		require.NoError(t, entry.ReadFloat32(x.Data()))
		require.NoError(t, sd.Put(to(name), x))
	}
	return sd
}

func TestLoadsCheckpoints(t *testing.T) {
	_, pyr := thin(t, fpn.TorchvisionDetection())
	torchvision := rename(t, pyr, func(name string) string {
		if strings.HasPrefix(name, "fpn.") {
			return "backbone." + name
		}
		return "backbone.body." + name
	})
	_, other := thin(t, fpn.TorchvisionDetection())
	require.NoError(t, other.Load(torchvision))

	net, _ := thin(t, fpn.Config{})
	classifier, err := net.StateDict()
	require.NoError(t, err)
	err = other.Load(classifier)
	assert.ErrorIs(t, err, weights.ErrWeights)
	var wrong *backbone.LoadError
	require.ErrorAs(t, err, &wrong)
	assert.Contains(t, wrong.Missing, "fpn.inner_blocks.0.0.weight 256x16x1x1")
	assert.NoError(t, other.Load(classifier, backbone.AllowMissing("fpn.**"), backbone.IgnoreUnexpected("fc.*")))
}

func TestBadConfig(t *testing.T) {
	cfg := backbone.ResNet18()
	cfg.WidthMultiplier = 0.25
	net, err := backbone.New(cfg)
	require.NoError(t, err)
	cifar, err := backbone.New(backbone.CIFARResNet20())
	require.NoError(t, err)
	for name, c := range map[string]struct {
		net    *backbone.Network
		config fpn.Config
		want   error
	}{
		"no backbone":     {nil, fpn.Config{}, fpn.ErrConfig},
		"level it lacks":  {cifar, fpn.Config{Levels: []backbone.Level{"C4", "C5"}}, backbone.ErrNode},
		"level twice":     {net, fpn.Config{Levels: []backbone.Level{"C3", "conv3_x"}}, fpn.ErrConfig},
		"coarsest first":  {net, fpn.Config{Levels: []backbone.Level{"C4", "C3"}}, fpn.ErrConfig},
		"channels":        {net, fpn.Config{Channels: -1}, fpn.ErrConfig},
		"group norm":      {net, fpn.Config{Channels: 40, Norm: fpn.GroupNorm}, fpn.ErrConfig},
		"extra":           {net, fpn.Config{Extra: "p8"}, fpn.ErrConfig},
		"norm":            {net, fpn.Config{Norm: "layer"}, fpn.ErrConfig},
		"fuse":            {net, fpn.Config{Fuse: "max"}, fpn.ErrConfig},
		"unknown spelled": {net, fpn.Config{Levels: []backbone.Level{"P3"}}, backbone.ErrNode},
	} {
		_, err := fpn.New(c.net, c.config)
		assert.ErrorIs(t, err, c.want, name)
	}
}

// Heads extend a pyramid, which stays as it is.
func TestExtending(t *testing.T) {
	_, pyr := thin(t, fpn.TorchvisionDetection())
	levels := pyr.Levels()
	for range 2 {
		_, err := pyr.Extend(backbone.Extension{Name: "head", Build: func(b *backbone.Builder) error {
			assert.NotNil(t, b.Levels["P6"])
			return nil
		}})
		require.NoError(t, err)
	}
	assert.Equal(t, levels, pyr.Levels())
}
