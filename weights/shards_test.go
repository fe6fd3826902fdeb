package weights

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const shardIndex = "model.safetensors.index.json"

// shardsIn copies the shards of a fixture, with another index if it is told.
func shardsIn(t *testing.T, text string) string {
	t.Helper()
	folder := t.TempDir()
	require.NoError(t, os.CopyFS(folder, os.DirFS(fixture("field/shards_safetensors"))))
	if text != "" {
		require.NoError(t, os.WriteFile(filepath.Join(folder, shardIndex), []byte(text), 0o644))
	}
	return folder
}

const firstShard = "model-00001-of-00002.safetensors"

func TestShardErrors(t *testing.T) {
	for name, c := range map[string]struct {
		index, says string
		sentinel    error
	}{
		"missing":      {`{"weight_map": {"conv1.weight": "model-00009-of-00009.safetensors"}}`, "its shard model-00009-of-00009.safetensors is missing", ErrWeights},
		"outside":      {`{"weight_map": {"conv1.weight": "../` + firstShard + `"}}`, "no file in its folder", ErrFormat},
		"absolute":     {`{"weight_map": {"conv1.weight": "/etc/passwd"}}`, "no file in its folder", ErrFormat},
		"folder":       {`{"weight_map": {"conv1.weight": "."}}`, "folder", ErrFormat},
		"itself":       {`{"weight_map": {"conv1.weight": "` + shardIndex + `"}}`, "JSON", ErrFormat},
		"lacks a key":  {`{"weight_map": {"nobody.weight": "` + firstShard + `"}}`, "nobody.weight is in " + firstShard + ", which lacks it", ErrFormat},
		"other JSON":   {`{"architectures": ["ResNet"]}`, "without a weight_map", ErrFormat},
		"no JSON":      {`{"weight_map": {`, "the index", ErrFormat},
		"of something": {`{"weight_map": {"a": 1}}`, "the index", ErrFormat},
	} {
		t.Run(name, func(t *testing.T) {
			folder := shardsIn(t, c.index)
			for _, path := range []string{folder, filepath.Join(folder, shardIndex)} {
				_, err := Open(path)
				require.ErrorIs(t, err, c.sentinel)
				assert.ErrorContains(t, err, c.says)
				assert.ErrorContains(t, err, shardIndex)
			}
		})
	}
}

// What a shard has beyond its index is told.
func TestShardsBeyondTheIndex(t *testing.T) {
	sd, err := Open(shardsIn(t, `{"weight_map": {"conv1.weight": "`+firstShard+`"}}`))
	require.NoError(t, err)
	defer func() { require.NoError(t, sd.Close()) }()
	assert.Equal(t, []string{"conv1.weight"}, sd.Names())
	require.NotEmpty(t, sd.Skipped())
	assert.Contains(t, sd.Skipped()[0].Why, "not by the index")
}

func TestFolders(t *testing.T) {
	folder := shardsIn(t, "")
	path, published, err := Resolve(t.Context(), folder)
	require.NoError(t, err)
	assert.Equal(t, folder, path)
	assert.Nil(t, published)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "other.safetensors.index.json"), []byte("{}"), 0o644))
	_, err = Open(folder)
	require.ErrorIs(t, err, ErrWeights)
	assert.ErrorContains(t, err, "several checkpoints: "+shardIndex+", other.safetensors.index.json")

	single := t.TempDir()
	require.NoError(t, openFixture(t, "zip.pth").Save(filepath.Join(single, "model.safetensors")))
	sd, err := Open(single)
	require.NoError(t, err)
	assert.Equal(t, 17, sd.Len())
	require.NoError(t, sd.Close())
	_, _, err = Resolve(t.Context(), t.TempDir())
	assert.ErrorIs(t, err, ErrUnknownCheckpoint)
}

func FuzzIndex(f *testing.F) {
	text, err := os.ReadFile(fixture("field/shards_safetensors/" + shardIndex))
	require.NoError(f, err)
	f.Add(text)
	f.Add([]byte(`{"weight_map": {"conv1.weight": "` + firstShard + `", "a": "../b"}}`))
	folder := f.TempDir()
	require.NoError(f, os.CopyFS(folder, os.DirFS(fixture("field/shards_safetensors"))))
	path := filepath.Join(folder, shardIndex)
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.ContainsRune(text, 0) {
			return // no file's name has it
		}
		require.NoError(t, os.WriteFile(path, text, 0o644))
		sd, err := Open(path)
		if err != nil {
			return
		}
		require.NotZero(t, sd.Len()+len(sd.Skipped()))
		require.NoError(t, sd.Close())
	})
}
