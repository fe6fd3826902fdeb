package main

import (
	"bytes"
	"context"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/examples/internal/pictures"
	"github.com/vertebra-vision/vertebra/heads/detect"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// checkpoint writes an untrained detector's weights.
func checkpoint(t *testing.T, model string) string {
	t.Helper()
	d, err := detect.Preset(model, detect.WithNumClasses(3))
	require.NoError(t, err)
	sd, err := d.StateDict()
	require.NoError(t, err)
	var list []weights.Named
	for _, name := range sd.Names() {
		entry, _ := sd.Get(name)
		x, err := entry.Tensor()
		require.NoError(t, err)
		list = append(list, weights.Named{Name: name, Tensor: x})
	}
	path := filepath.Join(t.TempDir(), "detector.safetensors")
	require.NoError(t, weights.SaveSafetensors(path, list, nil))
	return path
}

func TestDetect(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 65 MB of weights")
	}
	folder := t.TempDir()
	found := filepath.Join(folder, "found.json")
	var out bytes.Buffer
	require.NoError(t, run(context.Background(), []string{
		"-model", "fcos_resnet18_fpn", "-weights", checkpoint(t, "fcos_resnet18_fpn"), "-classes", "3",
		"-threshold", "0.1", "-size", "96", "-out", folder, "-json", found, reftest.Testdata("images", "chelsea.png"),
	}, &out, io.Discard))
	assert.Regexp(t, `^chelsea.png: \d+ objects \(\d+ ms\)\n +\d+\.\d % +\d+,\d+ +\d+,\d+ +class \d\n`, out.String())

	text, err := os.ReadFile(found)
	require.NoError(t, err)
	var results []cocoResult
	require.NoError(t, json.Unmarshal(text, &results))
	require.NotEmpty(t, results)
	assert.Equal(t, reftest.Testdata("images", "chelsea.png"), results[0].File)
	f, err := os.Open(filepath.Join(folder, "chelsea.detected.png"))
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	size, err := png.DecodeConfig(f)
	require.NoError(t, err)
	assert.Equal(t, 451, size.Width)
}

func TestPicture(t *testing.T) {
	mask, err := ops.New(2, 2)
	require.NoError(t, err)
	for i := range mask.Data() {
		mask.Data()[i] = 1
	}
	box := ops.Box{X1: 20, Y1: 30, X2: 60, Y2: 70}
	canvas := image.NewRGBA(image.Rect(0, 0, 100, 90))
	pasted, err := paste(&detect.Mask{Probabilities: mask, Box: box, Width: 100, Height: 90})
	require.NoError(t, err)
	drawDetection(canvas, detect.Detection{Box: box, Label: 1, Score: 0.5, Keypoints: []ops.Keypoint{{X: 90, Y: 80}}}, pasted)
	assert.Equal(t, palette[1], canvas.RGBAAt(60, 50), "the box")
	assert.Equal(t, palette[1], canvas.RGBAAt(90, 80), "the keypoint")
	assert.Equal(t, uint8(palette[1].G/2), canvas.RGBAAt(40, 50).G, "the mask")
	assert.Equal(t, color.RGBA{}, canvas.RGBAAt(5, 50), "outside")
}

func TestCOCOResults(t *testing.T) {
	mask, err := ops.FromSlice([]float32{1, 1, 1, 1}, 2, 2)
	require.NoError(t, err)
	box := ops.Box{X1: 1, Y1: 2, X2: 5, Y2: 9}
	var list []cocoResult
	for _, d := range []detect.Detection{
		{Box: box, Label: 18, Name: "dog", Score: 0.75, Keypoints: []ops.Keypoint{{X: 2, Y: 3, Score: 9}}},
		{Box: box, Label: 17, Name: "dog", Score: 0.5, Mask: &detect.Mask{Probabilities: mask, Box: box, Width: 6, Height: 4}},
		{Box: box, Label: 5, Score: 0.5},
	} {
		pasted, err := paste(d.Mask)
		require.NoError(t, err)
		r, err := newResult(&pictures.Picture{Index: 3, Name: "some/photo.jpg"}, d, pasted)
		require.NoError(t, err)
		list = append(list, r)
	}
	text, err := json.Marshal(list)
	require.NoError(t, err)
	assert.JSONEq(t, `[{"image_id":3,"file_name":"some/photo.jpg","category_id":18,"category_name":"dog","bbox":[1,2,4,7],"score":0.75,"keypoints":[2,3,1]},
		{"image_id":3,"file_name":"some/photo.jpg","category_id":18,"category_name":"dog","bbox":[1,2,4,7],"score":0.5,"segmentation":{"size":[4,6],"counts":":220002"}},
		{"image_id":3,"file_name":"some/photo.jpg","category_id":5,"bbox":[1,2,4,7],"score":0.5}]`, string(text))
}

func TestDetectErrors(t *testing.T) {
	good := reftest.Testdata("images", "chelsea.png")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no image":      {nil, "name at least one image"},
		"model":         {[]string{"-model", "yolo", "-weights", good, good}, "fasterrcnn_resnet50_fpn"},
		"file no model": {[]string{"-weights", good, good}, "say which model"},
		"not a file":    {[]string{"-model", "fcos_resnet18_fpn", "-weights", "nowhere.pth", good}, "nowhere.pth"},
		"threshold":     {[]string{"-model", "fcos_resnet18_fpn", "-weights", good, "-threshold", "2", good}, "want 0 to 1"},
	} {
		t.Run(name, func(t *testing.T) {
			assert.ErrorContains(t, run(context.Background(), c.args, &bytes.Buffer{}, io.Discard), c.says)
		})
	}
}
