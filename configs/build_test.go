package configs

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

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
	assert.ErrorContains(t, err, "net.yaml:7:15: outputs[1]")
}

// What is wrong is said with its line, before anything is downloaded; what the
// caller changed has none.
func TestBuildErrors(t *testing.T) {
	const head = "version: 1\nmodel:\n  backbone: resnet18\n"
	published := weights.WithBaseURL(t.TempDir()) // an empty mirror
	cache := weights.WithCacheDir(t.TempDir())
	for name, c := range map[string]struct {
		text   string
		change func(*Config)
		is     error
		says   string
	}{
		"no file":       {head + "  weights: nowhere.pth\n", nil, weights.ErrUnknownCheckpoint, "x.yaml:4:12: model.weights: neither a published checkpoint nor a file"},
		"misspelt":      {head + "  weights: {source: resnet18/IMAGENET_V1}\n", nil, weights.ErrUnknownCheckpoint, "x.yaml:4:21: model.weights.source: neither"},
		"not there":     {head + "  weights: resnet18\n", nil, weights.ErrFetch, "x.yaml:4:12: model.weights: "},
		"output first":  {head + "  weights: resnet18\noutputs: [C9]\n", nil, backbone.ErrNode, "x.yaml:5:11: outputs[0]: "},
		"labels first":  {head + "  weights: resnet18\n  labels: voc21\n", nil, ErrConfig, "x.yaml:5:11: model.labels: expected a name for each of 1000 classes, found 21"},
		"no labels":     {head + "  labels: nowhere.txt\n", nil, ErrConfig, "x.yaml:4:11: model.labels: neither an embedded list nor a file"},
		"other output":  {head + "outputs: [C3]\n", func(c *Config) { c.Outputs = []string{"C9"} }, backbone.ErrNode, "x.yaml: outputs[0]: "},
		"other weights": {head + "  weights: resnet18\n", func(c *Config) { c.Model.Weights.Source = "b.pth" }, weights.ErrUnknownCheckpoint, "x.yaml: model.weights: "},
		"other network": {head, func(c *Config) { c.Model.Backbone.Blocks = nil }, backbone.ErrConfig, "model.backbone"},
	} {
		t.Run(name, func(t *testing.T) {
			config, err := Parse("x.yaml", []byte(c.text))
			require.NoError(t, err)
			if c.change != nil {
				c.change(config)
			}
			b, err := config.Build(context.Background(), published, cache)
			require.ErrorIs(t, err, c.is)
			assert.ErrorContains(t, err, c.says)
			assert.Nil(t, b)
		})
	}
}

// Without weights in the file: the labels and the preprocessing that go with
// the network by convention, and none for a network without classes.
func TestBuildConventions(t *testing.T) {
	build := func(backbone, rest string) *Built {
		c, err := Parse("x", []byte("version: 1\nmodel: {backbone: "+backbone+"}\n"+rest))
		require.NoError(t, err)
		b, err := c.Build(context.Background())
		require.NoError(t, err)
		return b
	}
	b := build("resnet18", "")
	assert.Equal(t, weights.Labels("imagenet1k"), b.Labels)
	assert.Equal(t, transform.ImageNet(), b.Transform)
	b = build("cifar_resnet20", "")
	assert.Len(t, b.Labels, 10)
	assert.Equal(t, 32, b.Transform.Crop)
	b = build("{preset: resnet18, no_classifier: true}", "input: {preprocessing: {resize: 520}}")
	assert.Empty(t, b.Labels)
	assert.Equal(t, []string{"C5"}, b.Outputs)
	want := transform.ImageNet()
	want.Resize, want.Crop = 520, 0
	assert.Equal(t, want, b.Transform)
}
