package configs

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

const full = `
version: 1
model:
  backbone:
    output_stride: 16       # the preset may come last
    num_classes: 7
    width_multiplier: 0.25
    avg_down: false
    preset: resnet50d
  weights: {source: net.pth, allow_missing: ["fc.*"], ignore_unexpected: [], replace_classifier: true}
  labels: [a, b, c, d, e, f, g]
  threads: 2
  memory_limit: 512MiB
input:
  preprocessing: {resize: 64, crop: 56, mean: [0, 0.5, 1], std: [1, 1, 0.5], interpolation: bicubic}
outputs: [C3, logits]
`

func TestParse(t *testing.T) {
	c, err := Parse("full.yaml", []byte(full))
	require.NoError(t, err)
	want := backbone.ResNet50D()
	want.OutputStride, want.NumClasses, want.WidthMultiplier, want.AvgDown = 16, 7, 0.25, false
	assert.Equal(t, want, c.Model.Backbone.Config)
	assert.Equal(t, Weights{Source: "net.pth", AllowMissing: []string{"fc.*"}, IgnoreUnexpected: []string{}, ReplaceClassifier: true}, c.Model.Weights)
	assert.Equal(t, Bytes(512<<20), c.Model.MemoryLimit)
	assert.Equal(t, []string{"C3", "logits"}, c.Outputs)
	assert.Equal(t, transform.Classification{
		Resize: 64, Crop: 56, Mean: [3]float32{0, 0.5, 1}, Std: [3]float32{1, 1, 0.5}, Interpolation: transform.Bicubic,
	}, c.Input.Preprocessing.transform())
}

func TestDefaults(t *testing.T) {
	c, err := Parse("x", []byte("version: 1\nmodel: {backbone: resnet18}"))
	require.NoError(t, err)
	assert.Equal(t, backbone.ResNet18(), c.Model.Backbone.Config)
	assert.Equal(t, []string{"logits"}, c.Outputs)
	c, err = Parse("x", []byte("version: 1\nmodel: {backbone: {preset: cifar_resnet20, no_classifier: true}}"))
	require.NoError(t, err)
	assert.Equal(t, []string{"C4"}, c.Outputs)
}

// The resolved text describes the same, and is its own resolved text.
func TestStringIsAFixedPoint(t *testing.T) {
	for _, text := range []string{full, "version: 1\nmodel: {backbone: plain34, weights: a.pth, labels: voc21, memory_limit: 1000}"} {
		c, err := Parse("x", []byte(text))
		require.NoError(t, err)
		again, err := Parse("x", []byte(c.String()))
		require.NoError(t, err, c.String())
		assert.Equal(t, c.String(), again.String())
		assert.Equal(t, c.Model.Backbone.Config, again.Model.Backbone.Config)
		assert.Equal(t, c.Model.MemoryLimit, again.Model.MemoryLimit)
		assert.Equal(t, c.Input, again.Input)
	}
}

func TestErrorsSayWhereAndWhat(t *testing.T) {
	head := "version: 1\nmodel:\n  backbone: resnet18\n"
	cases := map[string]struct{ text, says string }{
		"unknown key":       {head + "  wieghts: a\n", "x.yaml:4:3: model.wieghts: unknown key; did you mean weights"},
		"unknown top":       {head + "output: [C3]\n", "x.yaml:4:1: output: unknown key; did you mean outputs"},
		"duplicate":         {head + "  threads: 1\n  threads: 2\n", "x.yaml:5:3: model.threads: appears twice, first in line 4"},
		"wrong type":        {head + "  threads: two\n", `x.yaml:4:12: model.threads: expected an integer, found "two"`},
		"quoted number":     {head + "  threads: \"2\"\n", `expected an integer, found "2"`},
		"float for integer": {head + "  threads: 1.5\n", `expected an integer, found "1.5"`},
		"threads":           {head + "  threads: 10000\n", "x.yaml:4:12: model.threads: expected 1 to 1024, found 10000"},
		"list for scalar":   {head + "  threads: [1]\n", "expected an integer, found a list"},
		"scalar for list":   {head + "outputs: C3\n", `x.yaml:4:10: outputs: expected a list, found "C3"`},
		"null":              {head + "outputs: [~]\n", "outputs[0]: expected text, found nothing"},
		"memory":            {head + "  memory_limit: 2GB\n", "model.memory_limit: expected an amount of memory"},
		"memory overflow":   {head + "  memory_limit: 9000000000000000000GiB\n", "expected an amount of memory"},
		"preset":            {"version: 1\nmodel:\n  backbone: resnet51\n", "x.yaml:3:13: model.backbone: no preset \"resnet51\"; did you mean resnet50"},
		"backbone":          {"version: 1\nmodel:\n  backbone: {preset: resnet50, output_stride: 24}\n", "x.yaml:3:13: model.backbone: resnet50: OutputStride is 24"},
		"no backbone":       {"version: 1\nmodel: {}\n", `model.backbone: resnet: Block is ""`},
		"no model":          {"version: 1\n", `Block is ""`},
		"version":           {"version: 2\nmodel: {backbone: resnet18}\n", "x.yaml:1:10: version: expected 1, found 2"},
		"no version":        {"model: {backbone: resnet18}\n", "version: expected 1, found 0"},
		"mean":              {head + "input: {preprocessing: {mean: [1, 2]}}\n", "input.preprocessing.mean: expected 3 numbers"},
		"std":               {head + "input: {preprocessing: {std: [1, 0, 1]}}\n", "expected numbers above 0"},
		"interpolation":     {head + "input: {preprocessing: {interpolation: cubic}}\n", "expected bilinear, bicubic or nearest"},
		"resize":            {head + "input: {preprocessing: {resize: -1}}\n", "lengths from 0"},
		"syntax":            {"version: 1\nmodel: [\n", "x.yaml:"},
		"tab":               {"version: 1\nmodel:\n\tbackbone: resnet18\n", "x.yaml:3:1: found character that cannot start any token"},
		"two documents":     {head + "---\nversion: 1\n", "a second document"},
		"empty":             {"", "the file is empty"},
		"only a comment":    {"# nothing\n", "the file is empty"},
		"a list":            {"- 1\n", "x.yaml:1:1: the file: expected keys with values"},
		"bomb": {"a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n" +
			"d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n", "more than 100000 values"},
		"huge": {strings.Repeat("#", maxFile+1), "at most"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("x.yaml", []byte(c.text))
			require.ErrorIs(t, err, ErrConfig)
			assert.ErrorContains(t, err, c.says)
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	_, err := Parse("x.yaml", []byte("version: one\nmodel:\n  backbone: {preset: resnet18, blokcs: [1]}\n  threads: x\n"))
	require.ErrorIs(t, err, ErrConfig)
	for _, s := range []string{"x.yaml:1:10: version", "x.yaml:3:32: model.backbone.blokcs", "x.yaml:4:12: model.threads"} {
		assert.ErrorContains(t, err, s)
	}
}

func TestLoad(t *testing.T) {
	for _, name := range Shipped() {
		c, err := Load(name)
		require.NoError(t, err, name)
		if source := c.Model.Weights.Source; source != "" {
			_, err = weights.Lookup(source)
			assert.NoError(t, err, name)
		}
		net, err := backbone.New(c.Model.Backbone.Config)
		require.NoError(t, err, name)
		_, err = net.Outputs(c.Outputs...)
		assert.NoError(t, err, name)
	}
	assert.GreaterOrEqual(t, len(Shipped()), 12)

	_, err := Load("resnet5")
	require.ErrorIs(t, err, ErrConfig)
	assert.ErrorContains(t, err, "neither a file nor a shipped configuration")
	_, err = Load(t.TempDir())
	require.ErrorIs(t, err, ErrConfig)
	assert.ErrorContains(t, err, "is a folder")
}

// Paths begin at the file's folder; the built network has the weights.
func TestBuild(t *testing.T) {
	dir := t.TempDir()
	config := backbone.ResNet18()
	config.WidthMultiplier, config.NumClasses, config.Seed = 0.125, 3, 42
	net, err := backbone.New(config)
	require.NoError(t, err)
	sd, err := net.StateDict()
	require.NoError(t, err)
	var named []weights.Named
	for _, name := range sd.Names() {
		p, _ := sd.Get(name)
		x, err := p.Tensor()
		require.NoError(t, err)
		named = append(named, weights.Named{Name: name, Tensor: x})
	}
	require.NoError(t, weights.SaveSafetensors(filepath.Join(dir, "net.safetensors"), named, nil))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "labels.txt"), []byte("red\r\ngreen\r\nblue\r\n"), 0o644))
	write := func(outputs string) string {
		path := filepath.Join(dir, "net.yaml")
		text := "version: 1\nmodel:\n  backbone: {preset: resnet18, width_multiplier: 0.125, num_classes: 3}\n  weights: net.safetensors\n  labels: labels.txt\n  threads: 1\noutputs: " + outputs + "\n"
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	c, err := Load(write("[C2, logits]"))
	require.NoError(t, err)
	b, err := c.Build(context.Background())
	require.NoError(t, err)
	assert.Equal(t, []string{"red", "green", "blue"}, b.Labels)
	assert.Equal(t, []string{"C2", "logits"}, b.Outputs)
	assert.Equal(t, transform.ImageNet(), b.Transform)

	x, err := ops.New(1, 3, 32, 32)
	require.NoError(t, err)
	for i := range x.Data() {
		x.Data()[i] = float32(i % 5)
	}
	want, err := net.Forward(context.Background(), x)
	require.NoError(t, err)
	got, err := b.Network.Forward(context.Background(), x)
	require.NoError(t, err)
	assert.Equal(t, want.Data(), got.Data())

	c, err = Load(write("[C2, layer9]"))
	require.NoError(t, err)
	_, err = c.Build(context.Background())
	require.ErrorIs(t, err, backbone.ErrNode)
	assert.ErrorContains(t, err, "net.yaml: outputs")

	c, err = Parse("x", []byte("version: 1\nmodel: {backbone: resnet18, weights: nowhere.pth}"))
	require.NoError(t, err)
	_, err = c.Build(context.Background())
	assert.ErrorIs(t, err, weights.ErrUnknownCheckpoint)
}

func FuzzParse(f *testing.F) {
	f.Add(full)
	for _, name := range Shipped() {
		text, err := shipped.ReadFile("models/" + name + ".yaml")
		require.NoError(f, err)
		f.Add(string(text))
	}
	f.Add("version: 1\nmodel: &m {backbone: *m}")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := Parse("x", []byte(text))
		if err != nil {
			require.ErrorIs(t, err, ErrConfig)
			return
		}
		again, err := Parse("x", []byte(c.String()))
		require.NoError(t, err, c.String())
		require.Equal(t, c.String(), again.String())
	})
}
