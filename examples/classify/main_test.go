package main

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"io"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

func TestClassifyTable(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(context.Background(), []string{"-top", "2", reftest.Testdata("images", "chelsea.png")}, &out, io.Discard))
	assert.Regexp(t, `^chelsea.png \(\d+ ms\)\n *1 +\d+\.\d % +cat\n *2 `, out.String())
}

func TestClassifyJSON(t *testing.T) {
	var out bytes.Buffer
	image := reftest.Testdata("images", "chelsea.png")
	require.NoError(t, run(context.Background(), []string{"-json", "-threads", "1", image}, &out, io.Discard))
	var r result
	require.NoError(t, json.Unmarshal(out.Bytes(), &r))
	assert.Equal(t, image, r.Image)
	require.Len(t, r.Predictions, 5)
	assert.Equal(t, "cat", r.Predictions[0].Label)
	assert.Greater(t, r.Predictions[0].Probability, float32(0.9))
}

// The heat map has the photograph's size and more than its colours.
func TestClassifyCAM(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "maps")
	require.NoError(t, run(context.Background(), []string{"-cam", folder, reftest.Testdata("images", "chelsea.png")}, &bytes.Buffer{}, io.Discard))
	heat, err := transform.Load(filepath.Join(folder, "chelsea.cam.png"))
	require.NoError(t, err)
	photograph, err := transform.Load(reftest.Testdata("images", "chelsea.png"))
	require.NoError(t, err)
	require.Equal(t, photograph.Bounds(), heat.Bounds())
	assert.NotEqual(t, photograph.Pix, heat.Pix)
}

func TestHeatMap(t *testing.T) {
	grey := image.NewGray(image.Rect(0, 0, 3, 1))
	m := heatMap(grey, []float32{-1, 0.5, 2})
	assert.Equal(t, color.RGBA{0, 0, 0, 255}, m.RGBAAt(0, 0), "no evidence")
	assert.Greater(t, m.RGBAAt(1, 0).B, m.RGBAAt(1, 0).R, "some is blue")
	assert.Greater(t, m.RGBAAt(2, 0).R, m.RGBAAt(2, 0).B, "most is red")
	assert.Equal(t, color.RGBA{0, 0, 0, 255}, heatMap(grey, make([]float32, 3)).RGBAAt(2, 0))
}

func TestClassifyErrors(t *testing.T) {
	good := reftest.Testdata("images", "chelsea.png")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no image":      {nil, "name at least one image"},
		"unknown flag":  {[]string{"-modle", "x"}, "modle"},
		"threads":       {[]string{"-threads", "9999", good}, "want 1 to 1024"},
		"model":         {[]string{"-model", "resnet51", good}, "resnet50"},
		"file no model": {[]string{"-weights", reftest.Testdata("images", "README.md"), good}, "say which model"},
		"not a file":    {[]string{"-model", "resnet18", "-weights", "nowhere.pth", good}, "nowhere.pth"},
		"not weights":   {[]string{"-model", "resnet18", "-weights", good, good}, "not a PyTorch, safetensors"},
		"not an image":  {[]string{reftest.Testdata("images", "README.md")}, "1 of 1 pictures failed"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.ErrorContains(t, run(context.Background(), c.args, &bytes.Buffer{}, io.Discard), c.says)
		})
	}
}

func TestClassifyInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	assert.ErrorIs(t, run(ctx, []string{reftest.Testdata("images", "chelsea.png")}, &bytes.Buffer{}, io.Discard), context.Canceled)
}
