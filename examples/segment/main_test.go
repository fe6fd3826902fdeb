package main

import (
	"bytes"
	"context"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/heads/segment"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/weights"
)

// checkpoint saves a network with random weights.
func checkpoint(t *testing.T) string {
	t.Helper()
	seg, err := segment.Preset("fcn_resnet50", backbone.WithSeed(1))
	require.NoError(t, err)
	sd, err := seg.StateDict()
	require.NoError(t, err)
	path := filepath.Join(t.TempDir(), "fcn.safetensors")
	var tensors []weights.Named
	for _, name := range sd.Names() {
		entry, _ := sd.Get(name)
		x, err := entry.Tensor()
		require.NoError(t, err)
		tensors = append(tensors, weights.Named{Name: name, Tensor: x})
	}
	require.NoError(t, weights.SaveSafetensors(path, tensors, nil))
	return path
}

func TestSegment(t *testing.T) {
	if testing.Short() {
		t.Skip("a full-size network")
	}
	var out bytes.Buffer
	folder := filepath.Join(t.TempDir(), "pictures")
	args := []string{"-model", "fcn_resnet50", "-weights", checkpoint(t), "-out", folder, reftest.Testdata("images", "chelsea.png")}
	require.NoError(t, run(context.Background(), args, &out, io.Discard))
	assert.Regexp(t, `^chelsea.png, 451x300\n( +\d+\.\d % +[a-z_ ]+\n)+wrote .*chelsea_overlay.png\nwrote .*chelsea_classes.png\n$`, out.String())
	for name, size := range map[string][2]int{"chelsea_classes.png": {451, 300}, "chelsea_overlay.png": {451, 336}} {
		f, err := os.Open(filepath.Join(folder, name))
		require.NoError(t, err)
		defer f.Close()
		m, err := png.Decode(f)
		require.NoError(t, err)
		assert.Equal(t, size[0], m.Bounds().Dx(), name)
		assert.GreaterOrEqual(t, m.Bounds().Dy(), size[1], name)
	}
}

func TestSegmentErrors(t *testing.T) {
	image := reftest.Testdata("images", "chelsea.png")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"nothing":       {nil, "choose a -model"},
		"no image":      {[]string{"-model", "fcn_resnet50"}, "name at least one image"},
		"model":         {[]string{"-model", "unet", "-weights", image, image}, "unknown model"},
		"not weights":   {[]string{"-model", "fcn_resnet50", "-weights", image, image}, "not a PyTorch, safetensors"},
		"file no model": {[]string{"-weights", image, image}, "say which model"},
	} {
		assert.ErrorContains(t, run(context.Background(), c.args, &bytes.Buffer{}, io.Discard), c.says, name)
	}
}
