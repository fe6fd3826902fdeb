package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"image"
	"image/color"
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

func TestEmbed(t *testing.T) {
	var out bytes.Buffer
	folder := t.TempDir()
	require.NoError(t, run(context.Background(), []string{"-out", folder, "-neighbours", "2", reftest.Testdata("images")}, &out, io.Discard))
	assert.Regexp(t, `^7 images, vectors of 64 numbers`, out.String())
	assert.Regexp(t, `\nchelsea.png +0\.\d{3} \S+ +0\.\d{3} \S+\n`, out.String())
	sd, err := weights.Open(filepath.Join(folder, "embeddings.safetensors"))
	require.NoError(t, err)
	defer sd.Close()
	e, ok := sd.Get("embeddings")
	require.True(t, ok)
	assert.Equal(t, []int{7, 64}, e.Shape())
	f, err := os.Open(filepath.Join(folder, "neighbours.png"))
	require.NoError(t, err)
	defer f.Close()
	sheet, err := png.Decode(f)
	require.NoError(t, err)
	assert.Equal(t, 7*(tile+caption+gap)+gap, sheet.Bounds().Dy())
}

// archive is a .tar.gz of pictures of plain colours, one for each class.
func archive(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "colours.tar.gz")
	f, err := os.Create(path)
	require.NoError(t, err)
	defer f.Close()
	z := gzip.NewWriter(f)
	w := tar.NewWriter(z)
	for class, c := range map[string]color.RGBA{"red": {200, 20, 20, 255}, "green": {20, 200, 20, 255}, "blue": {20, 20, 200, 255}} {
		for i := range 10 {
			m := image.NewRGBA(image.Rect(0, 0, 32, 32))
			for p := range 32 * 32 {
				m.SetRGBA(p%32, p/32, color.RGBA{c.R + uint8(i+p%7), c.G + uint8(i), c.B + uint8(p%5), 255})
			}
			var b bytes.Buffer
			require.NoError(t, png.Encode(&b, m))
			require.NoError(t, w.WriteHeader(&tar.Header{Name: fmt.Sprintf("set/%s/%d.png", class, i), Size: int64(b.Len()), Mode: 0o644, Typeflag: tar.TypeReg}))
			_, err := w.Write(b.Bytes())
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	require.NoError(t, z.Close())
	return path
}

// Colours are easy.
func TestProbe(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(context.Background(), []string{"-probe", "-out", t.TempDir(), archive(t)}, &out, io.Discard))
	assert.Contains(t, out.String(), "linear probe of 3 classes: error 0.00 % on the 24 images trained on, 0.00 % on 6 others")
}

func TestEmbedErrors(t *testing.T) {
	images := reftest.Testdata("images")
	for name, c := range map[string]struct {
		args []string
		says string
	}{
		"no folder":  {nil, "name at least one image"},
		"neighbours": {[]string{"-neighbours", "0", images}, "must be 1 or more"},
		"nowhere":    {[]string{"nowhere"}, "nowhere"},
		"empty":      {[]string{t.TempDir()}, "there are no pictures in this folder"},
		"pooling":    {[]string{"-pooling", "max", images}, "unknown pooling"},
		"one class":  {[]string{"-probe", "-out", t.TempDir(), images}, "two classes at least"},
	} {
		assert.ErrorContains(t, run(context.Background(), c.args, &bytes.Buffer{}, io.Discard), c.says, name)
	}
}
