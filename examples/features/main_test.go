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

	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/weights"
)

func TestFeatures(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	var out bytes.Buffer
	require.NoError(t, run(context.Background(), []string{"-out", dir, reftest.Testdata("images", "coffee.png")}, &out, io.Discard))
	assert.Regexp(t, `C4 +1x64x8x8 +4 `, out.String())

	sd, err := weights.Open(filepath.Join(dir, "features.safetensors"))
	require.NoError(t, err)
	defer func() { require.NoError(t, sd.Close()) }()
	assert.Equal(t, []string{"C2", "C3", "C4"}, sd.Names())
	npy, err := weights.Open(filepath.Join(dir, "C3.npy"))
	require.NoError(t, err)
	defer func() { require.NoError(t, npy.Close()) }()
	a, _ := sd.Get("C3")
	b, _ := npy.Get("arr_0")
	want, err := a.Float32s()
	require.NoError(t, err)
	got, err := b.Float32s()
	require.NoError(t, err)
	assert.Equal(t, want, got)

	f, err := os.Open(filepath.Join(dir, "C2.png"))
	require.NoError(t, err)
	defer func() { require.NoError(t, f.Close()) }()
	img, err := png.Decode(f)
	require.NoError(t, err)
	assert.Equal(t, 448, img.Bounds().Dx())
	colours := map[any]bool{}
	for x := range 448 {
		colours[img.At(x, x)] = true
	}
	assert.Greater(t, len(colours), 10, "a picture of something")
}

func TestFeaturesErrors(t *testing.T) {
	image := reftest.Testdata("images", "coffee.png")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no image": {nil, "name at least one image"},
		"level":    {[]string{"-levels", "C5", image}, "C5"},
		"missing":  {[]string{"nowhere.png"}, "nowhere.png: no such file"},
		"out":      {[]string{"-out", image, image}, "coffee.png"},
	} {
		assert.ErrorContains(t, run(context.Background(), c.args, &bytes.Buffer{}, io.Discard), c.says, name)
	}
}
