package weights

import (
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pkg/errors"
)

// Large checkpoints are published as shards, files of tensors, beside an index
// that says which tensor is in which: model.safetensors.index.json of
// model-00001-of-00002.safetensors and so on, pytorch_model.bin.index.json.

const (
	maxIndex  = 64 << 20 // bytes
	maxShards = 1024
)

// inFolder is the checkpoint in a folder: an index, or the one file that
// save_pretrained writes. A path of something else is returned as it is.
func inFolder(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil || !info.IsDir() {
		return path, nil
	}
	entries, err := os.ReadDir(path)
	if err != nil {
		return "", errors.Wrap(err, "opening a checkpoint")
	}
	for _, ending := range []string{".safetensors.index.json", ".bin.index.json", "model.safetensors", "pytorch_model.bin"} {
		var files []string
		for _, e := range entries {
			if strings.HasSuffix(e.Name(), ending) && !strings.HasPrefix(e.Name(), ".") {
				files = append(files, e.Name())
			}
		}
		switch {
		case len(files) == 1:
			return filepath.Join(path, files[0]), nil
		case len(files) > 1:
			return "", unfit("the folder %s holds several checkpoints: %s; name one of them", path, list(files))
		}
	}
	return "", malformed("%s is a folder without model.safetensors.index.json, model.safetensors or the like; name a checkpoint's file", path)
}

// holdsCheckpoint reports whether Open finds a checkpoint in a folder.
func holdsCheckpoint(folder string) bool {
	_, err := inFolder(folder)
	return err == nil
}

// index is the file's content.
type index struct {
	WeightMap map[string]string `json:"weight_map"` // a tensor's shard
}

// openShards opens an index and every shard that it names.
func openShards(path, under string) (*StateDict, error) {
	x, err := readIndex(path)
	if err != nil {
		return nil, err
	}
	sd := &StateDict{path: path, format: "shards", tensors: map[string]*Tensor{}}
	var files shardFiles
	for _, name := range x.shards() {
		shard, err := openFile(filepath.Join(filepath.Dir(path), filepath.FromSlash(name)))
		if err == nil {
			files = append(files, shard)
			err = sd.addShard(x, name, shard)
		}
		if errors.Is(err, os.ErrNotExist) {
			err = unfit("its shard %s is missing: download all of them into its folder", name)
		}
		if err != nil {
			_ = files.Close()
			return nil, err
		}
	}
	whole, err := sd.below(under)
	if err != nil {
		_ = files.Close()
		return nil, err
	}
	whole.file = files
	return whole, nil
}

func readIndex(path string) (*index, error) {
	f, size, err := openRegular(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	if size > maxIndex {
		return nil, malformed("an index of %d bytes, at most %d are possible", size, maxIndex)
	}
	x := &index{}
	if err := json.NewDecoder(io.NewSectionReader(f, 0, size)).Decode(x); err != nil {
		return nil, malformed("the index: %v", err)
	}
	if len(x.WeightMap) == 0 {
		return nil, malformed("a JSON text without a weight_map, and so no index of shards")
	}
	shards := x.shards()
	if len(shards) > maxShards {
		return nil, malformed("an index of %d shards, at most %d are possible", len(shards), maxShards)
	}
	for _, name := range shards {
		if !filepath.IsLocal(filepath.FromSlash(name)) {
			return nil, malformed("the index names the shard %q, which is no file in its folder", name)
		}
	}
	return x, nil
}

// shards lists the files, in order of their names.
func (x *index) shards() []string {
	seen := map[string]bool{}
	for _, shard := range x.WeightMap {
		seen[shard] = true
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// addShard takes the tensors that the index says are in a shard.
func (sd *StateDict) addShard(x *index, name string, shard *StateDict) error {
	for _, key := range shard.names {
		if x.WeightMap[key] != name {
			sd.skip(key, "in "+name+", but not by the index")
			continue
		}
		if err := sd.add(shard.tensors[key]); err != nil {
			return err
		}
	}
	sd.skipped = append(sd.skipped, shard.skipped...)
	for key, where := range x.WeightMap {
		if where == name && shard.tensors[key] == nil && !shard.skips(key) {
			return malformed("the index says that %s is in %s, which lacks it", key, name)
		}
	}
	return nil
}

func (sd *StateDict) skips(key string) bool {
	return slices.ContainsFunc(sd.skipped, func(s Skipped) bool { return s.Name == key })
}

// shardFiles closes all of them.
type shardFiles []*StateDict

func (f shardFiles) Close() error {
	var first error
	for _, shard := range f {
		if err := shard.Close(); err != nil && first == nil {
			first = err
		}
	}
	return first
}
