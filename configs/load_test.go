package configs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/weights"
)

func TestLoad(t *testing.T) {
	for _, name := range Shipped() {
		c, err := Load(name)
		require.NoError(t, err, name)
		if source := c.Model.Weights.Source; source != "" {
			_, err = weights.Lookup(source)
			assert.NoError(t, err, name)
		}
		b, err := c.network(t.Context())
		require.NoError(t, err, name)
		assert.NoError(t, c.checkOutputs(b), name)
	}
	assert.GreaterOrEqual(t, len(Shipped()), 30)

	_, err := Load("resnet5")
	require.ErrorIs(t, err, ErrConfig)
	assert.ErrorContains(t, err, "neither a file nor a shipped configuration")
	_, err = Load(t.TempDir())
	require.ErrorIs(t, err, ErrConfig)
	assert.ErrorContains(t, err, "is a folder")
}

// A folder is no file: the shipped configuration of its name is meant.
func TestLoadBesideAFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.Mkdir("resnet50", 0o755))
	c, err := Load("resnet50")
	require.NoError(t, err)
	assert.Equal(t, "resnet50/DEFAULT", c.Model.Weights.Source)
}

func TestLoadIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.yaml")
	require.NoError(t, os.WriteFile(path, []byte(strings.Repeat("#", maxFile+100)), 0o644))
	_, err := Load(path)
	require.ErrorIs(t, err, ErrConfig)
	assert.ErrorContains(t, err, "too large")
}

// Paths begin at the file's folder, names are left alone, and the resolved text
// may be put anywhere.
func TestPaths(t *testing.T) {
	dir := t.TempDir()
	for source, want := range map[string]string{
		"net.pth":                 filepath.Join(dir, "net.pth"),
		"../net.pth":              filepath.Join(filepath.Dir(dir), "net.pth"),
		"./resnet50":              filepath.Join(dir, "resnet50"),
		"resnet50":                "resnet50",
		"resnet50/IMAGENET1K_V2":  "resnet50/IMAGENET1K_V2",
		filepath.Join(dir, "sub"): filepath.Join(dir, "sub"),
	} {
		path := filepath.Join(dir, "net.yaml")
		require.NoError(t, os.WriteFile(path, []byte("version: 1\nmodel:\n  backbone: resnet50\n  weights: '"+source+"'\n  labels: imagenet1k\n"), 0o644))
		c, err := Load(path)
		require.NoError(t, err)
		assert.Equal(t, source, c.Model.Weights.Source)
		again, err := Parse("x", []byte(c.String()))
		require.NoError(t, err)
		assert.Equal(t, want, again.Model.Weights.Source)
		assert.Equal(t, "imagenet1k", again.Model.Labels.Source)
	}
}

func TestSetWeights(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	require.NoError(t, os.WriteFile("resnet50", nil, 0o644))
	c := &Config{}
	c.SetWeights("resnet50")
	assert.True(t, filepath.IsAbs(c.Model.Weights.Source), "the file of that name, not the published checkpoint")
	c.SetWeights("resnet18")
	assert.Equal(t, "resnet18", c.Model.Weights.Source)
}
