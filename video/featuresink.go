package video

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// maxShard bounds the frames of a shard, whose features are kept in memory.
const maxShard = 1 << 16

// FeatureShards is a sink that writes the features of every n frames into a
// file features-00000.safetensors, features-00001.safetensors … of a folder,
// which is made if the one that it is in exists. A file has a tensor for each feature, the frames along its first
// dimension, and in its metadata, under "frames", a JSON list that says source,
// index and pts of each. Frames whose features have another shape begin a new
// file. Files are written whole or not at all. Errors wrap ErrSink.
func FeatureShards(dir string, n int) Output {
	return Output{Name: dir, Open: func(context.Context) (Sink, error) {
		if n < 1 || n > maxShard {
			return nil, errors.Wrapf(ErrConfig, "%d frames a file, want 1 to %d", n, maxShard)
		}
		if err := folder(dir); err != nil {
			return nil, err
		}
		return &shardSink{dir: dir, size: n}, nil
	}}
}

type shardSink struct {
	dir    string
	size   int
	shard  int
	frames []shardFrame
	names  []string
	parts  [][]*ops.Tensor // by name, then by frame
}

// shardFrame is a frame in the metadata.
type shardFrame struct {
	Source string  `json:"source"`
	Index  int64   `json:"index"`
	PTS    float64 `json:"pts"`
}

// Write implements Sink.
func (s *shardSink) Write(_ context.Context, r *Result) error {
	if len(r.Features) == 0 {
		return errors.Wrap(ErrSink, "the model gives no features")
	}
	if len(s.frames) > 0 && !s.fits(r.Features) {
		if err := s.flush(); err != nil {
			return err
		}
	}
	if len(s.frames) == 0 {
		s.names, s.parts = nil, nil
		for _, f := range r.Features {
			s.names = append(s.names, f.Name)
			s.parts = append(s.parts, nil)
		}
	}
	for i, f := range r.Features {
		s.parts[i] = append(s.parts[i], f.Tensor.Clone()) // a row alone, not the batch that it is part of
	}
	s.frames = append(s.frames, shardFrame{r.Source, r.Index, r.PTS.Seconds()})
	if len(s.frames) < s.size {
		return nil
	}
	return s.flush()
}

// fits reports whether features can be joined to those that wait.
func (s *shardSink) fits(list []Feature) bool {
	if len(list) != len(s.names) {
		return false
	}
	for i, f := range list {
		if f.Name != s.names[i] || !slices.Equal(f.Tensor.Shape(), s.parts[i][0].Shape()) {
			return false
		}
	}
	return true
}

// flush writes a file.
func (s *shardSink) flush() error {
	if len(s.frames) == 0 {
		return nil
	}
	var named []weights.Named
	for i, name := range s.names {
		t, err := stack(s.parts[i])
		if err != nil {
			return errors.Wrap(ErrSink, err.Error())
		}
		named = append(named, weights.Named{Name: name, Tensor: t})
	}
	frames, err := json.Marshal(s.frames)
	if err != nil {
		return errors.Wrap(ErrSink, err.Error())
	}
	path := filepath.Join(s.dir, fmt.Sprintf("features-%05d.safetensors", s.shard))
	if err := weights.SaveSafetensors(path, named, map[string]string{"frames": string(frames)}); err != nil {
		return errors.Wrap(ErrSink, err.Error())
	}
	s.shard++
	s.frames, s.names, s.parts = nil, nil, nil
	return nil
}

// Close implements Sink: it writes the last file.
func (s *shardSink) Close() error { return s.flush() }
