package configs

import (
	"context"
	"encoding/json"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/video"
)

const fullPipeline = `
version: 1
model: {backbone: resnet18}
outputs: [C5, logits]
pipeline:
  sources:
    - {name: a, file: a.avi, start: 1.5s, end: 1m30s, stride: 2, fps: 12.5, region: [0, 10, 320, 240], loop: true, queue: 3}
    - {name: b, camera: 0, policy: latest, stall: 250ms, unchanged: 1m30s, reconnect: {initial: 10ms, max: 1s, attempts: 3, disabled: false}}
    - url: rtsp://camera/stream
    - gstreamer: videotestsrc ! appsink
    - {images: pictures, rate: 10}
    - {sequence: f%05d.png, first: 1}
    - mjpeg: http://camera/
    - y4m: "-"
    - raw: {path: a.rgb, width: 64, height: 48, format: bgr24}
  top: 3
  batch: {size: 4, wait: 20ms}
  smoothing: {window: 5, enter: 0.5, exit: 0.25}
  tracking: {min_iou: 0.5, max_age: 10}
  annotate: {line: 1, opacity: 0.5, min_score: 0.5, no_text: true}
  queue: 8
  log_every: 10s
  sinks:
    - {jsonl: a.jsonl, sources: [a, b]}
    - video: {path: "{source}.avi", codec: MJPG, fps: 25}
    - window: Vertebra
    - http: localhost:0
    - images: {folder: out, format: png}
    - features: {folder: out, frames: 10}
`

func TestPipelineIsBuilt(t *testing.T) {
	c, err := Parse("full.yaml", []byte(fullPipeline))
	require.NoError(t, err)
	requireSame(t, c)
	v, err := c.BuildVideo(context.Background())
	require.NoError(t, err)
	a, b := v.Inputs[0], v.Inputs[1]
	assert.Equal(t, video.Selection{Start: 1500 * time.Millisecond, End: 90 * time.Second, Stride: 2, FPS: 12.5, ROI: image.Rect(0, 10, 320, 250), Loop: true}, a.Selection)
	assert.Equal(t, video.Reconnect{Initial: 10 * time.Millisecond, Max: time.Second, Attempts: 3}, b.Reconnect)
	assert.Equal(t, video.Latest, b.Policy)
	assert.Equal(t, 250*time.Millisecond, b.Stall)
	assert.Equal(t, 90*time.Second, b.Unchanged)
	assert.Equal(t, video.Batching{Size: 4, Wait: 20 * time.Millisecond}, v.Batch)
	assert.Equal(t, &video.Style{Line: 1, Opacity: 0.5, MinScore: 0.5, NoText: true}, v.Annotate)
	assert.Len(t, v.Post("a"), 2)
	assert.Len(t, v.Inputs, len(sourceKinds))
	assert.Len(t, v.Outputs, len(sinkKinds))
	assert.Equal(t, []string{"a", "b"}, v.Outputs[0].Sources)
	_, err = v.New()
	require.NoError(t, err)
}

// A pipeline of pictures runs from its file to its outputs, beside it.
func TestPipelineRuns(t *testing.T) {
	dir := t.TempDir()
	for _, folder := range []string{"in", "out", "shards"} {
		require.NoError(t, os.Mkdir(filepath.Join(dir, folder), 0o755))
	}
	for _, name := range []string{"1", "2", "10"} {
		f, err := os.Create(filepath.Join(dir, "in", name+".png"))
		require.NoError(t, err)
		require.NoError(t, png.Encode(f, image.NewGray(image.Rect(0, 0, 40, 30))))
		require.NoError(t, f.Close())
	}
	path := filepath.Join(dir, "x.yaml")
	require.NoError(t, os.WriteFile(path, []byte(`
version: 1
include: cifar_resnet20
outputs: [C4, logits]
pipeline:
  sources: [{name: p, images: in}]
  batch: {size: 2}
  smoothing: {window: 2}
  annotate: {}
  sinks:
    - jsonl: out.jsonl
    - images: {folder: out}
    - features: {folder: shards, frames: 2}
`), 0o644))
	c, err := Load(path, Set("pipeline.sinks[3].http=127.0.0.1:0"))
	require.NoError(t, err)
	v, err := c.BuildVideo(context.Background())
	require.NoError(t, err)
	p, err := v.New()
	require.NoError(t, err)
	require.NoError(t, p.Run(context.Background()))
	data, err := os.ReadFile(filepath.Join(dir, "out.jsonl"))
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSpace(string(data)), "\n")
	require.Len(t, lines, 3)
	var rec video.Record
	require.NoError(t, json.Unmarshal([]byte(lines[2]), &rec))
	assert.EqualValues(t, 2, rec.Index)
	assert.NotNil(t, rec.Stable)
	assert.Equal(t, map[string][]int{"C4": {1, 64, 8, 8}}, rec.Features)
	for _, pattern := range []string{"out/p-00000*.jpg", "shards/features-0000*.safetensors"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		require.NoError(t, err)
		assert.NotEmpty(t, files, pattern)
	}
}

func TestPipelineErrors(t *testing.T) {
	const head = "version: 1\nmodel: {backbone: resnet18}\n"
	for text, says := range map[string]string{
		"pipeline:\n  sources:\n    - {file: a, camera: 0}":                       "x.yaml:5:25: pipeline.sources[0].camera: excludes file",
		"pipeline:\n  sources:\n    - {name: a}":                                  "x.yaml:5:7: pipeline.sources[0]: expected one of file, camera",
		"pipeline:\n  sources:\n    - {file: a, end: 1s, start: 2s}":              "x.yaml:5:22: pipeline.sources[0].end: expected a time after start",
		"pipeline:\n  sources: [{file: a, stall: soon}]":                          "expected a time such as",
		"pipeline:\n  sources: [{file: a}]\n  sinks: [{jsonl: b, sources: [c]}]":  "x.yaml:5:32: pipeline.sinks[0].sources[0]: there is no source \"c\"",
		"pipeline:\n  sources: [{name: a, file: a}, {name: a, file: b}]":          "two sources are called \"a\"",
		"pipeline:\n  sources: [{file: a}]\n  smoothing: {enter: 0.1, exit: 0.5}": "x.yaml:5:33: pipeline.smoothing.exit",
		"pipeline:\n  sources: [{file: a}]\n  sinks: [{video: {path: ''}}]":       "pipeline.sinks[0].video.path: expected text",
		"pipeline:\n  sources: [{file: a, region: [0, 0, 0, 4]}]":                 "found no pixels",
		"include: resnet19": "x.yaml:3:10: include: expected a shipped configuration, found \"resnet19\"",
	} {
		_, err := Parse("x.yaml", []byte(head+text))
		require.ErrorIs(t, err, ErrConfig, text)
		assert.ErrorContains(t, err, says)
	}
	for text, says := range map[string]string{
		"": "has no pipeline",
		"outputs: [C5]\npipeline:\n  sources: [{file: a}]\n  smoothing: {window: 2}": "x.yaml:6:14: pipeline.smoothing: smoothing needs logits",
		"pipeline:\n  sources: [{file: a}]\n  sinks: [{features: {folder: a}}]":      "x.yaml:5:22: pipeline.sinks[0].features: this sink needs levels",
	} {
		c, err := Parse("x.yaml", []byte(head+text))
		require.NoError(t, err)
		_, err = c.BuildVideo(context.Background())
		require.ErrorIs(t, err, ErrConfig)
		assert.ErrorContains(t, err, says)
	}
}

func TestInclude(t *testing.T) {
	c, err := Parse("x.yaml", []byte("version: 1\ninclude: resnet50_features\nmodel: {weights: mine.pth, backbone: {output_stride: 16}}\noutputs: [C3]"))
	require.NoError(t, err)
	assert.Equal(t, "resnet50", c.Model.Backbone.Preset)
	assert.Equal(t, 16, c.Model.Backbone.OutputStride)
	assert.Equal(t, "mine.pth", c.Model.Weights.Source)
	assert.Equal(t, 520, c.Input.Preprocessing.Resize)
	assert.Equal(t, []string{"C3"}, c.Outputs)
	requireSame(t, c)
	assert.NotContains(t, c.String(), "include")
	c, err = Load("classify-webcam")
	require.NoError(t, err)
	assert.Equal(t, "resnet18", c.Model.Backbone.Preset)
	assert.Equal(t, 0, *c.Pipeline.Sources[0].Camera)
	// What is wrong with an included key is said with the name of its file.
	_, err = Parse("x.yaml", []byte("version: 1\ninclude: cifar_resnet20\nmodel: {backbone: {preset: cifar_resnet20, num_classes: 3}}"))
	require.ErrorIs(t, err, ErrConfig)
	assert.ErrorContains(t, err, "cifar_resnet20.yaml:6:")
}

func TestEnvironment(t *testing.T) {
	t.Setenv("VERTEBRA_TEST_N", "3")
	t.Setenv("VERTEBRA_TEST_EMPTY", "")
	c, err := Parse("x.yaml", []byte(`version: 1
model:
  backbone: ${VERTEBRA_TEST_NONE:-resnet18}
  threads: ${VERTEBRA_TEST_N}
  weights: "a-${VERTEBRA_TEST_N}${VERTEBRA_TEST_EMPTY:-b}-$${c}$$${"
outputs: ["C${VERTEBRA_TEST_N}"]
`))
	require.NoError(t, err)
	assert.Equal(t, 3, c.Model.Threads)
	assert.Equal(t, "a-3b-${c}$${", c.Model.Weights.Source)
	assert.Equal(t, []string{"C3"}, c.Outputs)
	requireSame(t, c)
	for value, says := range map[string]string{
		"${VERTEBRA_TEST_NONE}":  "x.yaml:4:12: model.threads: the environment variable VERTEBRA_TEST_NONE is not set",
		"${}":                    "expected ${NAME}",
		"${A":                    "expected ${NAME}",
		"${A B}":                 "expected ${NAME}",
		"\"${VERTEBRA_TEST_N}\"": "expected an integer", // quotes make it text
	} {
		_, err := Parse("x.yaml", []byte("version: 1\nmodel:\n  backbone: resnet18\n  threads: "+value))
		require.ErrorIs(t, err, ErrConfig, value)
		assert.ErrorContains(t, err, says)
	}
}

func TestSet(t *testing.T) {
	base := []byte("version: 1\nmodel: {backbone: resnet18}\npipeline:\n  sources: [{file: a}]\n")
	c, err := Parse("x.yaml", base, Set("pipeline.batch.size=4", "outputs=[C3, C5]", "pipeline.sources[1].camera=2",
		"pipeline.sources[0].file=b=c.avi", "model.threads=2", "pipeline.sinks[0].jsonl=out.jsonl"))
	require.NoError(t, err)
	assert.Equal(t, 4, c.Pipeline.Batch.Size)
	assert.Equal(t, []string{"C3", "C5"}, c.Outputs)
	assert.Equal(t, "b=c.avi", c.Pipeline.Sources[0].File)
	assert.Equal(t, 2, *c.Pipeline.Sources[1].Camera)
	assert.Equal(t, "out.jsonl", c.Pipeline.Sinks[0].JSONL)
	for set, says := range map[string]string{
		"pipeline.batch.size=x":        `-set pipeline.batch.size=x: pipeline.batch.size: expected an integer, found "x"`,
		"pipeline.bach.size=1":         "pipeline.bach: unknown key; did you mean batch",
		"pipeline":                     "expected key.key=value",
		"pipeline..x=1":                "expected a path",
		"pipeline.sources[5].file=a":   "the list has 1 entries",
		"pipeline.sources.file=a":      "expected keys with values",
		"model.backbone.num_classes=2": "expected keys with values",
		"outputs=[":                    "-set outputs=[:1:1:",
	} {
		_, err := Parse("x.yaml", base, Set(set))
		require.ErrorIs(t, err, ErrConfig, set)
		assert.ErrorContains(t, err, says)
	}
}

func TestSetSource(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	require.NoError(t, os.WriteFile("7", nil, 0o644))
	zero := 0
	for text, want := range map[string]Source{
		"0":           {Camera: &zero},
		"7":           {File: filepath.Join(dir, "7")},
		".":           {Images: dir},
		"*.png":       {Images: filepath.Join(dir, "*.png")},
		"a.jpg":       {Images: filepath.Join(dir, "a.jpg")},
		"a.avi":       {File: filepath.Join(dir, "a.avi")},
		"-":           {Y4M: "-"},
		"a.y4m":       {Y4M: filepath.Join(dir, "a.y4m")},
		"http://c/?a": {MJPEG: "http://c/?a"},
		"rtsp://c/s":  {URL: "rtsp://c/s"},
	} {
		c := &Config{}
		c.SetSource("x")
		c.SetSource(text)
		assert.Equal(t, []Source{want}, c.Pipeline.Sources, text)
	}
}

// What does not heed the context is left to itself when it ends.
func TestOrLeave(t *testing.T) {
	n, err := orLeave(context.Background(), func() (int, error) { return 3, nil })
	require.NoError(t, err)
	assert.Equal(t, 3, n)
	ctx, cancel := context.WithCancel(context.Background())
	hangs := make(chan int)
	time.AfterFunc(10*time.Millisecond, cancel)
	_, err = orLeave(ctx, func() (int, error) { return <-hangs, nil })
	require.ErrorIs(t, err, context.Canceled)
	hangs <- 1 // it was still there
}

// A file has a version of its own, whatever it includes.
func TestIncludeBringsNoVersion(t *testing.T) {
	_, err := Parse("x.yaml", []byte("include: resnet18"))
	require.ErrorIs(t, err, ErrConfig)
	assert.ErrorContains(t, err, "version: is missing")
}
