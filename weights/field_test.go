package weights_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// fieldNets are the networks of testdata/gen/field_fixtures.py.
var fieldNets = map[string]backbone.Config{
	"basic":  {Block: backbone.BasicBlock, Blocks: []int{1, 1}, Width: 4, NumClasses: 3},
	"deep":   {Block: backbone.BasicBlock, Blocks: []int{1, 1}, Width: 4, NumClasses: 3, Stem: backbone.StemDeep},
	"deep_d": {Block: backbone.BottleneckBlock, Blocks: []int{1, 1}, Width: 2, NumClasses: 3, Stem: backbone.StemDeep, AvgDown: true},
}

func fieldInput(t *testing.T, channels int) *ops.Tensor {
	t.Helper()
	x, err := ops.New(2, channels, 33, 29)
	require.NoError(t, err)
	reftest.Fill("input", x.Data(), -2, 2)
	return x
}

func field(elem ...string) string {
	return reftest.Testdata(append([]string{"weights", "field"}, elem...)...)
}

// sameAs compares values with PyTorch's, relative to the largest.
func sameAs(t *testing.T, want, got *ops.Tensor) {
	t.Helper()
	require.Equal(t, want.Shape(), got.Shape())
	for i, v := range want.Data() {
		require.InDelta(t, v, got.Data()[i], 1e-5*reftest.AbsMax(want.Data()), "value %d", i)
	}
}

func read(t *testing.T, path, name string) *ops.Tensor {
	t.Helper()
	sd, err := weights.Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, sd.Close()) }()
	x, ok := sd.Get(name)
	require.True(t, ok, name)
	y, err := x.Tensor()
	require.NoError(t, err)
	return y
}

// load opens a checkpoint and loads it into a network.
func load(t *testing.T, path string, c backbone.Config, open []weights.OpenOption, opts ...backbone.LoadOption) (*backbone.Network, *weights.StateDict) {
	t.Helper()
	sd, err := weights.Open(path, open...)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, sd.Close()) })
	net, err := backbone.New(c)
	require.NoError(t, err)
	require.NoError(t, net.Load(sd, opts...))
	return net, sd
}

func forward(t *testing.T, net *backbone.Network, x *ops.Tensor) *ops.Tensor {
	t.Helper()
	y, err := net.Forward(t.Context(), x)
	require.NoError(t, err)
	return y
}

// Checkpoints of kinds that people meet load, and give PyTorch's logits.
func TestFieldFixtures(t *testing.T) {
	cases := []struct {
		file, net  string
		choose     string
		under      string // what it says of where the tensors lay
		prefix     string
		scheme     weights.Scheme
		skipped    string
		unexpected string // a glob
		features   bool   // there is no classifier
	}{
		{file: "under_target_network.pth", under: "target_network"},
		{file: "under_deep.pth", under: "run.checkpoint.net_g"},
		{file: "under_averaged.pth", under: "state_dict_ema"},
		{file: "under_averaged.pth", choose: "state_dict_ema", under: "state_dict_ema"},
		{file: "under_tuple.pth", under: "0"},
		{file: "under_loss.pth", under: "model"},
		{file: "choose_ema.pth", choose: "ema", under: "ema.module", prefix: "module."},
		{file: "choose_ema.pth", choose: "ema.module.module", under: "ema.module.module"},
		{file: "choose_keys.pth", choose: "module.encoder_q", under: "module.encoder_q"},
		{file: "choose_flat.safetensors", choose: "teacher", under: "teacher", prefix: "backbone."},
		{file: "choose_flat.safetensors", choose: "teacher.backbone.", under: "teacher.backbone"},
		{file: "objects.pth", under: "state_dict"},
		{file: "objects_legacy.pth", under: "model_state"},
		{file: "legacy_protocol1.pth", under: "model_state"},
		{file: "legacy_protocol4.pth", under: "model_state"},
		{file: "objects_protocol4.pth", under: "weights"},
		{file: "sequential.pth", scheme: weights.Sequential},
		{file: "sequential_deep.pth", net: "deep", scheme: weights.Sequential, prefix: "encoder.", features: true},
		{file: "transformers.bin", scheme: weights.Transformers, prefix: "resnet."},
		{file: "transformers_deep.bin", net: "deep_d", scheme: weights.Transformers, prefix: "resnet."},
		{file: "openmmlab_v1b.pth", under: "state_dict", prefix: "backbone."},
		{file: "openmmlab_v1d.pth", net: "deep_d", under: "state_dict", scheme: weights.OpenMMLab, prefix: "backbone."},
		{file: "layer0.pth", net: "deep", scheme: weights.OpenMMLab},
		{file: "csail.pth", net: "deep", scheme: weights.CSAIL},
		{file: "csail_module.pth", net: "deep", scheme: weights.CSAIL, prefix: "module."},
		{file: "dropout_fc.pth"},
		{file: "dropout_head.pth", prefix: "encoder."},
		{file: "averaged.pth", prefix: "module."},
		{file: "averaged_swa.pth", under: "swa_model", prefix: "module.module."},
		{file: "text.npz", skipped: "arch"},
		{file: "objects.npz", skipped: "config"},
		{file: "shards_safetensors"},
		{file: "shards_safetensors/model.safetensors.index.json"},
		{file: "shards_bin"},
		{file: "shards_bin/pytorch_model.bin.index.json"},
		{file: "module.pth"},
		{file: "module_legacy.pth", prefix: "module."},
		{file: "module_among.pth", under: "model", prefix: "backbone."},
		{file: "traced.pt"},
		{file: "traced_inside.pt", prefix: "backbone.", unexpected: "scratch"}, // that it is temporary is not in the file
	}
	for _, c := range cases {
		t.Run(c.file+" "+c.choose, func(t *testing.T) {
			name := c.net
			if name == "" {
				name = "basic"
			}
			config := fieldNets[name]
			config.NoClassifier = c.features
			opts := []backbone.LoadOption{}
			if c.unexpected != "" {
				opts = append(opts, backbone.IgnoreUnexpected(c.unexpected))
			}
			net, sd := load(t, field(c.file), config, []weights.OpenOption{weights.Under(c.choose)}, opts...)
			assert.Equal(t, c.under, sd.Under())
			view, scheme, err := weights.Canonical(sd)
			require.NoError(t, err)
			assert.Equal(t, c.prefix, view.Prefix())
			if c.scheme == "" {
				c.scheme = weights.Torchvision
			}
			assert.Equal(t, c.scheme, scheme)
			var skipped []string
			for _, s := range sd.Skipped() {
				skipped = append(skipped, s.Name)
			}
			if c.skipped == "" {
				assert.Empty(t, skipped)
			} else {
				assert.Contains(t, skipped, c.skipped)
				assert.Len(t, skipped, 3)
			}
			if c.features {
				return // the deep net's features are those of layer0.pth, below
			}
			sameAs(t, read(t, field("expected.safetensors"), name), forward(t, net, fieldInput(t, 3)))
		})
	}
}

// A Sequential without a classifier has the features of the whole network.
func TestSequentialFeatures(t *testing.T) {
	config := fieldNets["deep"]
	whole, _ := load(t, field("layer0.pth"), config, nil)
	config.NoClassifier = true
	trunk, _ := load(t, field("sequential_deep.pth"), config, nil)
	want, err := whole.Features(t.Context(), fieldInput(t, 3), backbone.C3)
	require.NoError(t, err)
	got, err := trunk.Features(t.Context(), fieldInput(t, 3), backbone.C3)
	require.NoError(t, err)
	assert.Equal(t, want[backbone.C3].Data(), got[backbone.C3].Data())
}

// The project's cases do what their table says.
func TestCases(t *testing.T) {
	plain := backbone.Config{Block: backbone.BasicBlock, Blocks: []int{1, 1, 1, 1}, Width: 8, NumClasses: 10}
	deep := plain
	deep.Block, deep.Stem = backbone.BottleneckBlock, backbone.StemDeep
	trunk := plain
	trunk.NoClassifier = true
	for _, c := range []struct {
		file   string
		config backbone.Config
		under  string
		x, y   string
		opts   []backbone.LoadOption
	}{
		{"plain.pth", plain, "", "x", "y", nil},
		{"model_state.pyth", plain, "", "x", "y", nil},
		{"mmengine.pth", plain, "", "x", "y", []backbone.LoadOption{}},
		{"deflist.pth", plain, "", "x", "y", nil},
		{"onecycle.pth", plain, "", "x", "y", nil},
		{"hf_resnet.safetensors", plain, "", "x", "y", nil},
		{"mmseg_v1c.pth", deep, "", "xd", "yd", nil},
		{"npz_str.npz", plain, "", "x", "y", nil},
		{"dino.pth", trunk, "teacher", "x", "", []backbone.LoadOption{backbone.IgnoreUnexpected("head.**", "fc.**")}},
		{"dino.pth", trunk, "student", "x", "", []backbone.LoadOption{backbone.IgnoreUnexpected("head.**", "fc.**")}},
		{"lightly_seq.ckpt", trunk, "", "x", "", []backbone.LoadOption{backbone.IgnoreUnexpected("projection_head.**")}},
	} {
		t.Run(c.file+" "+c.under, func(t *testing.T) {
			path := reftest.Case(t, "checkpoints", c.file)
			net, _ := load(t, path, c.config, []weights.OpenOption{weights.Under(c.under)}, c.opts...)
			x := read(t, reftest.Case(t, "checkpoints", c.x+".npy"), "arr_0")
			if c.y != "" {
				sameAs(t, read(t, reftest.Case(t, "checkpoints", c.y+".npy"), "arr_0"), forward(t, net, x))
				return
			}
			features := forward(t, net, x)
			if strings.HasPrefix(c.file, "lightly") {
				whole, _ := load(t, reftest.Case(t, "checkpoints", "plain.pth"), plain, nil)
				want, err := whole.Features(t.Context(), x, backbone.C5)
				require.NoError(t, err)
				assert.Equal(t, want[backbone.C5].Data(), features.Data())
			}
		})
	}
}

func TestCasesOfOtherChannels(t *testing.T) {
	for n, name := range map[int]string{1: "1", 4: "4"} {
		config := backbone.Config{Block: backbone.BasicBlock, Blocks: []int{1, 1, 1, 1}, Width: 8, NumClasses: 10, InChannels: n}
		net, _ := load(t, reftest.Case(t, "checkpoints", "plain.pth"), config, nil, backbone.AdaptInputChannels())
		x := read(t, reftest.Case(t, "checkpoints", "x"+name+".npy"), "arr_0")
		sameAs(t, read(t, reftest.Case(t, "checkpoints", "y"+name+".npy"), "arr_0"), forward(t, net, x))
	}
}

// Stems for other inputs are made of those for three channels where that is
// asked for, and the error says that it can be.
func TestAdaptInputChannels(t *testing.T) {
	sd, err := weights.Open(field("module.pth"))
	require.NoError(t, err)
	defer func() { require.NoError(t, sd.Close()) }()
	for n, name := range map[int]string{1: "stem1", 2: "stem2", 4: "stem4", 7: "stem7"} {
		config := fieldNets["basic"]
		config.InChannels = n
		net, err := backbone.New(config)
		require.NoError(t, err)
		err = net.Load(sd)
		require.ErrorIs(t, err, weights.ErrWeights)
		assert.ErrorContains(t, err, "reads 3 channels")
		assert.ErrorContains(t, err, "AdaptInputChannels")
		require.NoError(t, net.Load(sd, backbone.AdaptInputChannels()))
		sameAs(t, read(t, field("expected.safetensors"), name), forward(t, net, fieldInput(t, n)))
	}
	config := fieldNets["basic"]
	config.Width = 8 // more than the input's channels differs
	config.InChannels = 1
	net, err := backbone.New(config)
	require.NoError(t, err)
	err = net.Load(sd, backbone.AdaptInputChannels())
	require.ErrorIs(t, err, weights.ErrWeights)
	assert.NotContains(t, err.Error(), "AdaptInputChannels")
	// A deep stem's first convolution is another one.
	config = fieldNets["deep"]
	config.InChannels = 1
	deep, _ := load(t, field("csail.pth"), config, nil, backbone.AdaptInputChannels())
	own, err := deep.StateDict()
	require.NoError(t, err)
	stem, _ := own.Get("conv1.0.weight")
	assert.Equal(t, []int{2, 1, 3, 3}, stem.Shape())
}

// What holds several networks lists them.
func TestSeveralNetworks(t *testing.T) {
	for file, says := range map[string][]string{
		"choose_ema.pth":          {"several dictionaries", "model (", "ema.module (", `weights.Under("model")`},
		"choose_keys.pth":         {"several networks: module.encoder_k, module.encoder_q", `weights.Under("module.encoder_k")`},
		"choose_flat.safetensors": {"several networks: student, teacher.backbone", `weights.Under("student")`},
	} {
		sd, err := weights.Open(field(file))
		if err == nil {
			net, newErr := backbone.New(fieldNets["basic"])
			require.NoError(t, newErr)
			err = net.Load(sd)
			require.NoError(t, sd.Close())
		}
		require.ErrorIs(t, err, weights.ErrWeights, file)
		for _, text := range says {
			assert.ErrorContains(t, err, text)
		}
		assert.ErrorContains(t, err, file)
		assert.NotContains(t, err.Error(), "\n")
	}
	for under, says := range map[string]string{
		"nobody": `nothing is called "nobody"`, "ema.updates": "", "model.layer9": `no key begins with "layer9."; they begin with conv1, bn1, layer1, layer2, fc`,
	} {
		_, err := weights.Open(field("choose_ema.pth"), weights.Under(under))
		require.ErrorIs(t, err, weights.ErrWeights, under)
		assert.ErrorContains(t, err, says)
		assert.NotContains(t, err.Error(), "\n")
	}
	if _, err := weights.Open(reftest.Case(t, "checkpoints", "dino.pth")); assert.ErrorIs(t, err, weights.ErrWeights) {
		assert.ErrorContains(t, err, "student (")
		assert.ErrorContains(t, err, "teacher (")
	}
}

// Names are lost when TorchScript freezes a module.
func TestFrozenScript(t *testing.T) {
	_, err := weights.Open(field("frozen.pt"))
	require.ErrorIs(t, err, weights.ErrFormat)
	assert.ErrorContains(t, err, "torch.jit.freeze")
}

// The error of a checkpoint that does not fit tells where it was read.
func TestLoadErrorTellsWhatWasTakenOff(t *testing.T) {
	sd, err := weights.Open(field("openmmlab_v1d.pth"))
	require.NoError(t, err)
	defer func() { require.NoError(t, sd.Close()) }()
	net, err := backbone.New(fieldNets["basic"])
	require.NoError(t, err)
	err = net.Load(sd)
	var wrong *backbone.LoadError
	require.ErrorAs(t, err, &wrong)
	assert.Equal(t, "state_dict", wrong.Under)
	assert.Equal(t, "backbone.", wrong.Prefix)
	assert.ErrorContains(t, err, `those under "state_dict", without their prefix "backbone."`)
	assert.NotContains(t, err.Error(), "\n")
	assert.Contains(t, err.Error(), filepath.Base(sd.Path()))
}
