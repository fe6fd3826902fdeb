package backbone

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestEveryPresetIsValid(t *testing.T) {
	for _, name := range Presets() {
		c, err := Preset(name)
		require.NoError(t, err)
		assert.Equal(t, name, c.Name)
		_, err = New(c)
		assert.NoError(t, err, name)
	}
	assert.Len(t, Presets(), 24)
}

func TestPresetNames(t *testing.T) {
	c, err := Preset("ResNet50")
	require.NoError(t, err)
	assert.Equal(t, ResNet50(), c)
	_, err = Preset("resnet51")
	require.ErrorIs(t, err, ErrConfig)
	assert.ErrorContains(t, err, "did you mean resnet50")
}

func TestValidate(t *testing.T) {
	cases := map[string]struct {
		change func(*Config)
		says   string
	}{
		"no block":           {func(c *Config) { c.Block = "" }, `Block is ""`},
		"no stages":          {func(c *Config) { c.Blocks = nil }, "Blocks has 0 stages"},
		"empty stage":        {func(c *Config) { c.Blocks = []int{3, 0} }, "Blocks[1] is 0"},
		"huge stage":         {func(c *Config) { c.Blocks = []int{1 << 40} }, "Blocks[0]"},
		"shortcut":           {func(c *Config) { c.Shortcut = "D" }, `Shortcut is "D"`},
		"stem":               {func(c *Config) { c.Stem = "vgg" }, `Stem is "vgg"`},
		"norm":               {func(c *Config) { c.Norm = "layer" }, `Norm is "layer"`},
		"negative classes":   {func(c *Config) { c.NumClasses = -1 }, "NumClasses is -1"},
		"huge channels":      {func(c *Config) { c.InChannels = 1 << 50 }, "InChannels"},
		"multiplier":         {func(c *Config) { c.WidthMultiplier = -0.5 }, "WidthMultiplier"},
		"wide and huge":      {func(c *Config) { c.Width, c.WidthMultiplier = 1<<20, 1024 }, "channels wide"},
		"epsilon":            {func(c *Config) { c.NormEps = -1 }, "NormEps"},
		"group norm":         {func(c *Config) { c.Norm, c.NormGroups = GroupNorm, 48 }, "NormGroups 48 does not divide"},
		"narrow groups":      {func(c *Config) { c.Groups, c.WidthPerGroup, c.WidthMultiplier = 2, 1, 0.1 }, "0 channels wide inside"},
		"basic groups":       {func(c *Config) { c.Block, c.Groups = BasicBlock, 2 }, "Groups and WidthPerGroup"},
		"basic v1":           {func(c *Config) { c.Block, c.StrideIn1x1 = BasicBlock, true }, "StrideIn1x1"},
		"avg down, option A": {func(c *Config) { c.AvgDown, c.Shortcut = true, ShortcutA }, "AvgDown"},
		"odd deep stem":      {func(c *Config) { c.Stem, c.Width = StemDeep, 63 }, "even width"},
		"dilation entries":   {func(c *Config) { c.ReplaceStrideWithDilation = []bool{true} }, "has 1 entries, want 3"},
		"output stride":      {func(c *Config) { c.OutputStride = 24 }, "power of two from 4 to 32"},
		"both": {func(c *Config) {
			c.OutputStride, c.ReplaceStrideWithDilation = 16, []bool{false, false, true}
		}, "not both"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			config := ResNet50()
			c.change(&config)
			_, err := New(config)
			require.ErrorIs(t, err, ErrConfig)
			assert.ErrorContains(t, err, c.says)
			assert.ErrorContains(t, err, "resnet50")
		})
	}
}

func TestOptions(t *testing.T) {
	n, err := New(ResNet18(), WithNumClasses(7), WithInChannels(5), WithSeed(3), WithThreads(3), WithMemoryLimit(1<<20), WithoutClassifier())
	require.NoError(t, err)
	c := n.Config()
	assert.Equal(t, 7, c.NumClasses)
	assert.Equal(t, 5, c.InChannels)
	assert.Equal(t, uint64(3), c.Seed)
	assert.True(t, c.NoClassifier)

	for _, threads := range []int{0, -1, 10000} {
		_, err := New(ResNet18(), WithThreads(threads))
		require.ErrorIs(t, err, ErrConfig)
		assert.ErrorContains(t, err, "want 1 to 1024")
	}
	_, err = New(ResNet18(), WithMemoryLimit(0))
	assert.ErrorIs(t, err, ErrConfig)
}

func TestInfo(t *testing.T) {
	cases := []struct {
		options []Option
		config  Config
		want    []Info
	}{
		{nil, ResNet18(), []Info{{64, 4}, {128, 8}, {256, 16}, {512, 32}}},
		{nil, ResNet50(), []Info{{256, 4}, {512, 8}, {1024, 16}, {2048, 32}}},
		{nil, WideResNet50_2(), []Info{{256, 4}, {512, 8}, {1024, 16}, {2048, 32}}},
		{nil, CIFARResNet20(), []Info{{16, 1}, {32, 2}, {64, 4}}},
		{[]Option{WithOutputStride(8)}, ResNet50(), []Info{{256, 4}, {512, 8}, {1024, 8}, {2048, 8}}},
		{[]Option{WithOutputStride(16)}, ResNet50(), []Info{{256, 4}, {512, 8}, {1024, 16}, {2048, 16}}},
		{[]Option{WithReplaceStrideWithDilation(true, false, true)}, ResNet50(), []Info{{256, 4}, {512, 4}, {1024, 8}, {2048, 8}}},
	}
	for _, c := range cases {
		n, err := New(c.config, c.options...)
		require.NoError(t, err)
		require.Len(t, n.Levels(), len(c.want))
		for i, level := range n.Levels() {
			info, err := n.Info(level)
			require.NoError(t, err)
			assert.Equal(t, c.want[i], info, "%s %s", c.config.Name, level)
		}
	}
	n, err := New(CIFARResNet20())
	require.NoError(t, err)
	for _, bad := range []Level{"C5", "C1", "C9", "", "layer1.0", "P3"} {
		_, err := n.Info(bad)
		assert.ErrorIs(t, err, ErrNode, "%q", bad)
	}
}

func TestCanonicalNames(t *testing.T) {
	for name, want := range map[string]string{
		"C2": "layer1", "c5": "layer4", "conv4_x": "layer3", "res3": "layer2", "layer2": "layer2",
		"res4.0.conv2": "layer3.0.conv2", "res2.0.shortcut": "layer1.0.downsample",
		"conv1": "conv1", "conv1.0": "conv1.0", "stem.conv1": "conv1", "linear": "fc", "logits": "fc",
		"layer3.*.conv2": "layer3.*.conv2", "res*.0": "res*.0", "layer1.0.conv2": "layer1.0.conv2",
	} {
		assert.Equal(t, want, classifierName(canonicalName(name)), name)
	}
}

// §4.1's initialisation: N(0, sqrt(2/n)) with n = out·k·k; norms are the
// identity; the same seed gives the same weights.
func TestInitialisation(t *testing.T) {
	config := ResNet18()
	config.ZeroInitResidual, config.Seed = true, 7
	n, err := New(config)
	require.NoError(t, err)
	sd, err := n.StateDict()
	require.NoError(t, err)
	values := func(key string) []float32 {
		p, ok := sd.Get(key)
		require.True(t, ok, key)
		data, err := p.Float32s()
		require.NoError(t, err)
		return data
	}
	w := values("layer2.0.conv2.weight")
	var sum, squares float64
	for _, v := range w {
		sum += float64(v)
		squares += float64(v) * float64(v)
	}
	mean := sum / float64(len(w))
	assert.InDelta(t, 0, mean, 1e-3)
	assert.InEpsilon(t, 2.0/(128*9), squares/float64(len(w))-mean*mean, 0.02)
	for _, v := range values("layer2.0.bn1.weight") {
		assert.Equal(t, float32(1), v)
	}
	for _, v := range values("layer2.0.bn2.weight") {
		assert.Zero(t, v, "zero-initialised")
	}
	for _, v := range values("layer2.0.bn2.running_var") {
		assert.Equal(t, float32(1), v)
	}

	again, err := New(config)
	require.NoError(t, err)
	other, err := New(config, WithSeed(8))
	require.NoError(t, err)
	same, err := again.StateDict()
	require.NoError(t, err)
	different, err := other.StateDict()
	require.NoError(t, err)
	p, _ := same.Get("layer2.0.conv2.weight")
	data, err := p.Float32s()
	require.NoError(t, err)
	assert.Equal(t, w, data)
	p, _ = different.Get("layer2.0.conv2.weight")
	data, err = p.Float32s()
	require.NoError(t, err)
	assert.NotEqual(t, w, data)
}
