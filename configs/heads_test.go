package configs

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/heads/detect"
	"github.com/vertebra-vision/vertebra/weights"
)

const thinBackbone = "version: 1\nmodel:\n  backbone: {preset: resnet18, width_multiplier: 0.125}\n"

func build(t *testing.T, text string) (*Built, *Config) {
	t.Helper()
	c, err := Parse("x.yaml", []byte(text))
	require.NoError(t, err)
	b, err := c.Build(context.Background())
	require.NoError(t, err)
	again, err := Parse("y.yaml", []byte(c.String()))
	require.NoError(t, err, c.String())
	assert.Equal(t, c.String(), again.String())
	return b, c
}

func TestBuildNeck(t *testing.T) {
	b, c := build(t, thinBackbone+"  neck: {levels: [C3, C4, C5], channels: 32, extra: p6p7, norm: batch}\n")
	require.NotNil(t, b.Pyramid)
	assert.Equal(t, []string{"P3", "P4", "P5", "P6", "P7"}, c.Outputs)
	info, err := b.Pyramid.Info("P7")
	require.NoError(t, err)
	assert.Equal(t, 32, info.Channels)
	_, c = build(t, thinBackbone+"  neck: {extra: max_pool, bottom_up: true, fuse: avg}\n")
	assert.Equal(t, []string{"P2", "P3", "P4", "P5", "P6"}, c.Outputs)
}

func TestBuildDetectors(t *testing.T) {
	for _, kind := range detect.Kinds() {
		b, c := build(t, thinBackbone+"  detector: {kind: "+kind+", score_threshold: 0.3, max_detections: 7, min_size: 64}\n")
		require.NotNil(t, b.Detector, kind)
		assert.Equal(t, kind != "fasterrcnn_c4", b.Pyramid != nil, kind)
		assert.Equal(t, kind, b.Detector.Kind())
		assert.Nil(t, b.Network)
		assert.Equal(t, []string{"detections"}, c.Outputs)
		assert.Equal(t, "person", b.Labels[1])
	}
	b, _ := build(t, thinBackbone+"  neck: {channels: 16, extra: max_pool}\n  detector: {kind: fasterrcnn, classes: 3}\n  labels: [background, cat, dog]\n")
	assert.Equal(t, []string{"background", "cat", "dog"}, b.Labels)
	assert.Equal(t, 16, b.Pyramid.Config().Channels)
	b, _ = build(t, thinBackbone+"  detector: {kind: fcos, classes: 5, max_size: 500}\n")
	assert.Nil(t, b.Labels, "five classes of no name")
}

// A checkpoint of other classes does not load, and the error names the keys to
// change.
func TestOtherClasses(t *testing.T) {
	path := filepath.Join(t.TempDir(), "net.safetensors")
	b, _ := build(t, thinBackbone+"  detector: {kind: fcos}\n  neck: {channels: 32, extra: p6p7}\n")
	sd, err := b.Detector.StateDict()
	require.NoError(t, err)
	var named []weights.Named
	for _, name := range sd.Names() {
		stored, _ := sd.Get(name)
		x, err := stored.Tensor()
		require.NoError(t, err)
		named = append(named, weights.Named{Name: name, Tensor: x})
	}
	require.NoError(t, weights.SaveSafetensors(path, named, nil))
	c, err := Parse("x.yaml", []byte(thinBackbone+"  detector: {kind: fcos}\n  neck: {channels: 32, extra: p6p7}\n  labels: [background, nut, bolt]\n  weights: "+path))
	require.NoError(t, err)
	_, err = c.Build(context.Background())
	require.ErrorIs(t, err, ErrConfig)
	c.Model.Labels, c.Model.Detector.Classes = Labels{}, 3
	_, err = c.Build(context.Background())
	require.ErrorIs(t, err, weights.ErrWeights)
	assert.ErrorContains(t, err, "the checkpoint has 91 classes and the detector 3")
	assert.ErrorContains(t, err, "in this file by model.detector.classes or model.labels")
}

func TestBuildSegmenters(t *testing.T) {
	for _, head := range []string{"fcn", "deeplabv3", "deeplabv2", "psp"} {
		b, c := build(t, thinBackbone+"  segmenter: {head: "+head+", auxiliary: true}\ninput: {preprocessing: {resize: 64}}\n")
		require.NotNil(t, b.Segmenter, head)
		assert.Equal(t, []string{"out"}, c.Outputs)
		assert.Len(t, b.Labels, 21)
		assert.Equal(t, 64, b.Segmenter.Transform.Resize)
	}
	b, _ := build(t, thinBackbone+"  segmenter: {head: deeplabv3, classes: 2, rates: [3, 6], level: C4}\n  labels: [no, yes]\n")
	assert.Equal(t, []string{"no", "yes"}, b.Segmenter.Labels)
	assert.Equal(t, []int{3, 6}, b.Segmenter.Config().Rates)
}

func TestBadHeads(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"kind":      {"  detector: {kind: yolo}\n", "x.yaml:4:20: model.detector.kind: expected fasterrcnn"},
		"no kind":   {"  detector: {classes: 3}\n", "model.detector.kind: is missing"},
		"c4 neck":   {"  neck: {channels: 8}\n  detector: {kind: fasterrcnn_c4}\n", "x.yaml:4:9: model.neck: fasterrcnn_c4 reads C4: leave the neck out"},
		"both":      {"  detector: {kind: fcos}\n  segmenter: {head: fcn}\n", "x.yaml:5:14: model.segmenter: excludes detector and neck"},
		"range":     {"  segmenter: {head: fcn, classes: 300}\n", "expected 1 to 256, found 300"},
		"unknown":   {"  neck: {chanels: 3}\n", "unknown key"},
		"level":     {"  neck: {levels: [C3, C9]}\n", `x.yaml:4:9: model.neck: fpn: resnet18 has no level "C9"`},
		"order":     {"  neck: {levels: [C4, C2]}\n", "want the finest first"},
		"sizes":     {"  detector: {kind: fcos, min_size: 800, max_size: 100}\n", "x.yaml:4:51: model.detector.max_size: expected at least min_size, 800"},
		"labels":    {"  detector: {kind: fcos, classes: 5}\n  labels: [a, b]\n", "labels"},
		"rates":     {"  segmenter: {head: fcn, rates: [3]}\n", "rates are DeepLab's"},
		"outputs":   {"  detector: {kind: fcos}\noutputs: [P3]\n", "a detector's only output is detections"},
		"auxiliary": {"  segmenter: {head: fcn, auxiliary: true, level: C4}\n", "the auxiliary head reads C4"},
	} {
		conf, err := Parse("x.yaml", []byte(thinBackbone+c.text))
		if err == nil {
			_, err = conf.Build(context.Background())
		}
		if assert.Error(t, err, name) {
			assert.True(t, strings.Contains(err.Error(), c.says), "%s: %v", name, err)
		}
	}
}
