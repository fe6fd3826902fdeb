package configs_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/configs"
)

// What a configuration reads and writes, from the folder that it lies in.
func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"w.pth", "labels.txt", "clip.y4m", "seq/f_01.png", "seq/f_02.png", "pictures/a.png", "pictures/b.txt", "pictures/sub/c.png", "g1.png", "g2.png"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644))
	}
	file := filepath.Join(dir, "net.yaml")
	require.NoError(t, os.WriteFile(file, []byte(`version: 1
model: {backbone: resnet18, weights: w.pth, labels: labels.txt}
pipeline:
  sources:
    - {name: y, y4m: clip.y4m}
    - {sequence: "seq/f_%02d.png", first: 1}
    - {images: pictures}
    - {images: "g*.png"}
    - {file: missing.mp4}
    - {y4m: "-"}
  sinks:
    - jsonl: out/lines.jsonl
    - {video: {path: "{source}.mp4"}, sources: [y, source1]}
    - {video: {path: all.mp4}}
    - images: {folder: frames}
    - features: {folder: maps}
    - http: localhost:0
`), 0o644))
	c, err := configs.Load(file)
	require.NoError(t, err)
	in := func(name string) string { return filepath.Join(dir, name) }
	assert.ElementsMatch(t, []string{
		in("w.pth"), in("labels.txt"), in("clip.y4m"), in("seq/f_01.png"), in("seq/f_02.png"),
		in("pictures/a.png"), in("pictures/b.txt"), in("g1.png"), in("g2.png"),
	}, c.Reads())
	assert.Equal(t, []configs.Written{
		{Path: in("out/lines.jsonl")}, {Path: in("y.mp4")}, {Path: in("source1.mp4")}, {Path: in("all.mp4")},
		{Path: in("frames"), Extension: ".jpg"}, {Path: in("maps"), Extension: ".safetensors"},
	}, c.Writes())

	shipped, err := configs.Load("resnet18")
	require.NoError(t, err)
	assert.Empty(t, shipped.Reads(), "published weights are no file")
	assert.Empty(t, shipped.Writes())
}
