package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

var checkpoint = filepath.Join(reftest.Root(), "examples", "internal", "cifar10", "resnet20-12fca82f.th")

func infer(args ...string) (string, error) {
	var out bytes.Buffer
	err := run(context.Background(), args, &out, io.Discard)
	return out.String(), err
}

func TestInferImage(t *testing.T) {
	file := filepath.Join(t.TempDir(), "out.safetensors")
	out, err := infer("-config", "cifar_resnet20", "-weights", checkpoint, "-input", reftest.Testdata("images", "chelsea.png"), "-out", file)
	require.NoError(t, err)
	assert.Contains(t, out, "C4 [1 64 8 8]\nlogits [1 10]\n")
	sd, err := weights.Open(file)
	require.NoError(t, err)
	defer func() { require.NoError(t, sd.Close()) }()
	assert.Equal(t, []string{"C2", "C3", "C4", "logits"}, sd.Names())
	logits, _ := sd.Get("logits")
	data, err := logits.Float32s()
	require.NoError(t, err)
	for i, v := range data {
		if i != 3 {
			assert.Less(t, v, data[3], "it is a cat")
		}
	}
}

// A tensor is taken as it is, from .npy and from .safetensors.
func TestInferTensors(t *testing.T) {
	dir := t.TempDir()
	x, err := ops.New(2, 3, 40, 36)
	require.NoError(t, err)
	reftest.Fill("input", x.Data(), -1, 1)
	npy, safe := filepath.Join(dir, "x.npy"), filepath.Join(dir, "x.safetensors")
	f, err := os.Create(npy)
	require.NoError(t, err)
	require.NoError(t, weights.WriteNPY(f, x))
	require.NoError(t, f.Close())
	require.NoError(t, weights.SaveSafetensors(safe, []weights.Named{{Name: "other", Tensor: x}, {Name: "input", Tensor: x}}, nil))
	var results [][]byte
	for _, in := range []string{npy, safe} {
		file := filepath.Join(dir, "out.safetensors")
		out, err := infer("-config", "cifar_resnet20", "-weights", checkpoint, "-input", in, "-nodes", "layer2.0.conv1,res3", "-out", file)
		require.NoError(t, err)
		assert.Contains(t, out, "layer2.0.conv1 [2 32 20 18]\nres3 [2 32 20 18]\n")
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		results = append(results, data)
	}
	assert.Equal(t, results[0], results[1])
}

func TestInferCheck(t *testing.T) {
	out, err := infer("-config", "resnet50_features", "-check")
	require.NoError(t, err)
	assert.Contains(t, out, "output_stride: 8\n")
}

func TestInferErrors(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.safetensors")
	image := reftest.Testdata("images", "chelsea.png")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"nothing":   {nil, "-config, -input and -out are needed"},
		"config":    {[]string{"-config", "resnet", "-input", image, "-out", out}, "neither a file nor a shipped configuration"},
		"input":     {[]string{"-config", "cifar_resnet20", "-input", "nowhere.npy", "-out", out}, "nowhere.npy"},
		"node":      {[]string{"-config", "cifar_resnet20", "-input", image, "-nodes", "layer4", "-out", out}, "layer4"},
		"no tensor": {[]string{"-config", "cifar_resnet20", "-input", checkpoint, "-out", out}, "not a readable"},
		"folder":    {[]string{"-config", "cifar_resnet20", "-input", image, "-out", filepath.Join(image, "all.safetensors")}, "chelsea.png"},
		"a folder":  {[]string{"-config", "cifar_resnet20", "-input", filepath.Dir(image), "-out", out}, "is a folder"},
		"no input":  {[]string{"-config", "cifar_resnet20", "-input", "", "-out", out}, "-input is empty"},
	} {
		_, err := infer(c.args...)
		assert.ErrorContains(t, err, c.says, name)
	}
}

// Detectors and segmenters from configurations, with random weights.
func TestInferHeads(t *testing.T) {
	dir := t.TempDir()
	image := reftest.Testdata("images", "chelsea.png")
	for name, c := range map[string]struct {
		model string
		names []string
	}{
		"detector":  {"detector: {kind: retinanet, score_threshold: 0.001, max_detections: 5, min_size: 96}", []string{"boxes", "labels", "scores"}},
		"masks":     {"detector: {kind: maskrcnn, score_threshold: 0.001, max_detections: 5, min_size: 96}", []string{"boxes", "labels", "scores", "masks"}},
		"keypoints": {"detector: {kind: keypointrcnn, score_threshold: 0.001, max_detections: 5, min_size: 96}", []string{"boxes", "labels", "scores", "keypoints"}},
		"c4":        {"detector: {kind: fasterrcnn_c4, score_threshold: 0.001, max_detections: 5, min_size: 96}", []string{"boxes", "labels", "scores"}},
		"segmenter": {"segmenter: {head: fcn}", []string{"out"}},
		"neck":      {"neck: {channels: 16}", []string{"P2", "P3", "P4", "P5"}},
	} {
		config, file := filepath.Join(dir, name+".yaml"), filepath.Join(dir, name+".safetensors")
		text := "version: 1\nmodel:\n  backbone: {preset: resnet18, width_multiplier: 0.125}\n  " + c.model + "\ninput: {preprocessing: {resize: 96}}\n"
		require.NoError(t, os.WriteFile(config, []byte(text), 0o644))
		out, err := infer("-config", config, "-input", image, "-out", file)
		require.NoError(t, err)
		assert.Contains(t, out, "wrote "+file)
		sd, err := weights.Open(file)
		require.NoError(t, err)
		assert.ElementsMatch(t, c.names, sd.Names(), name)
		require.NoError(t, sd.Close())
	}
}
