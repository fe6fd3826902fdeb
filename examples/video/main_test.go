package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/video"
)

// Pictures need no OpenCV: a table on the terminal and a line of JSON each.
func TestPictures(t *testing.T) {
	jsonl := filepath.Join(t.TempDir(), "out.jsonl")
	var out bytes.Buffer
	require.NoError(t, run(context.Background(), []string{"-source", reftest.Testdata("images"), "-jsonl", jsonl, "-every", "0s"}, &out, io.Discard))
	data, err := os.ReadFile(jsonl)
	require.NoError(t, err)
	n := strings.Count(string(data), "\n")
	assert.Positive(t, n)
	assert.Contains(t, out.String(), "model")
	assert.Equal(t, n+1, strings.Count(strings.Split(out.String(), "\n\n")[0], "\n")+1, "a heading, and a row a frame:\n%s", out.String())
}

// A video file becomes an annotated one.
func TestVideoFile(t *testing.T) {
	path := reftest.Shared(t, "video", "vtest.avi")
	annotated := filepath.Join(t.TempDir(), "out.avi")
	var out bytes.Buffer
	err := run(context.Background(), []string{"-config", "cifar_resnet20", "-source", path, "-set", "pipeline.sources[0].end=2s", "-set", "pipeline.sources[0].file=x", "-video", annotated}, &out, io.Discard)
	if errors.Is(err, video.ErrBackend) {
		t.Skip(err)
	}
	require.NoError(t, err)
	assert.Contains(t, out.String(), "20 frames in")
	info, err := os.Stat(annotated)
	require.NoError(t, err)
	assert.Positive(t, info.Size())
}

func TestCheck(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, run(context.Background(), []string{"-config", "multi-camera", "-check"}, &out, io.Discard))
	assert.Contains(t, out.String(), "mjpeg: http://door.local/video")
}

func TestErrors(t *testing.T) {
	for _, args := range [][]string{
		{}, {"-source", "a", "x"}, {"-config", "nothing"}, {"-config", "resnet18"}, {"-source", "a", "-check"},
		{"-source", filepath.Join(t.TempDir(), "none.y4m")}, {"-source", "a", "-every", "x"},
		{"-config", "multi-camera", "-set", "pipeline.bach=1"},
	} {
		assert.Error(t, run(context.Background(), args, &bytes.Buffer{}, io.Discard), "%v", args)
	}
}
