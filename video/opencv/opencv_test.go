//go:build cgo

package opencv

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"image"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pkg/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/fpn"
	"github.com/vertebra-vision/vertebra/heads/classify"
	"github.com/vertebra-vision/vertebra/heads/detect"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/video"
	"github.com/vertebra-vision/vertebra/weights"
)

const vtestFrames = 795

func cifar(t testing.TB) *video.Network {
	t.Helper()
	c, err := classify.Open(context.Background(), classify.Source{
		Model:   "cifar_resnet20",
		Weights: filepath.Join(reftest.Root(), "examples", "internal", "cifar10", "resnet20-12fca82f.th"),
		Options: []backbone.Option{backbone.WithThreads(2)},
	})
	require.NoError(t, err)
	m, err := video.Classify(c, 3)
	require.NoError(t, err)
	return m
}

// thinDetector is a Faster R-CNN of random weights on a thin ResNet-18 and
// pyramid, which sees a frame's shorter side with the given pixels.
func thinDetector(t testing.TB, width float64, channels, side int) *video.Detector {
	t.Helper()
	config := backbone.ResNet18()
	config.WidthMultiplier = width
	net, err := backbone.New(config, backbone.WithThreads(2))
	require.NoError(t, err)
	neck := fpn.TorchvisionDetection()
	neck.Channels = channels
	pyr, err := fpn.New(net, neck)
	require.NoError(t, err)
	det, err := detect.NewFasterRCNN(pyr, detect.WithNumClasses(4), detect.WithScoreThreshold(0.2), detect.WithMaxDetections(10),
		detect.WithMinMaxSize(side, 2*side), detect.WithProposals(100, 50))
	require.NoError(t, err)
	calm(t, det)
	m, err := video.Detect(det)
	require.NoError(t, err)
	return m
}

// calm makes the outputs of a detector's random heads as small as those of
// trained ones. Boxes would else be thousands of times what they are made of,
// and so would the last bits of that.
func calm(t testing.TB, det *detect.Detector) {
	t.Helper()
	sd, err := det.StateDict()
	require.NoError(t, err)
	calmed := weights.New()
	for _, name := range sd.Names() {
		stored, _ := sd.Get(name)
		x, err := stored.Tensor()
		require.NoError(t, err)
		if strings.HasSuffix(name, "bbox_pred.weight") || strings.HasSuffix(name, "cls_logits.weight") || strings.HasSuffix(name, "cls_score.weight") {
			for i := range x.Data() {
				x.Data()[i] *= 0.01
			}
		}
		require.NoError(t, calmed.Put(name, x))
	}
	require.NoError(t, det.Load(calmed))
}

func records(t testing.TB, path string) []video.Record {
	t.Helper()
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var list []video.Record
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r video.Record
		require.NoError(t, json.Unmarshal(lines.Bytes(), &r))
		list = append(list, r)
	}
	return list
}

// count reads a video to its end.
func count(t testing.TB, path string) (n int) {
	t.Helper()
	s, err := File(path)(context.Background())
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	for {
		f, err := s.Read(context.Background())
		if errors.Is(err, io.EOF) {
			return n
		}
		require.NoError(t, err)
		f.Close()
		n++
	}
}

func runPipeline(t testing.TB, c video.Config) (*video.Pipeline, error) {
	t.Helper()
	p, err := video.New(c)
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	return p, p.Run(ctx)
}

// A file end to end, with a classifier and with a detector: every frame is in
// the JSONL, in order, and the annotated file plays back with as many.
func TestFileEndToEnd(t *testing.T) {
	path := reftest.Shared(t, "video", "vtest.avi")
	for name, c := range map[string]struct {
		model video.Model
		check func(r video.Record) bool
		post  func(string) []video.Processor
	}{
		"classifier": {cifar(t), func(r video.Record) bool { return len(r.Classes) == 3 && r.Stable != nil }, processors(t, video.Smoothing{Window: 5}.Processor)},
		"detector": {thinDetector(t, 0.25, 32, 120), func(r video.Record) bool {
			return len(r.Detections) > 0 && r.Detections[0].Track > 0
		}, processors(t, video.Tracking{}.Processor)},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			jsonl, annotated := filepath.Join(dir, "out.jsonl"), filepath.Join(dir, "{source}.mp4")
			end, frames := time.Duration(0), vtestFrames
			if testing.Short() {
				end, frames = 10*time.Second, 100
			}
			p, err := runPipeline(t, video.Config{
				Inputs: []video.Input{{Name: "vtest", Open: video.File(path), Selection: video.Selection{End: end}}},
				Model:  c.model, Post: c.post, Annotate: &video.Style{},
				Outputs: []video.Output{video.JSONL(jsonl), video.VideoFile(annotated, video.WriterOptions{})},
			})
			require.NoError(t, err)
			list := records(t, jsonl)
			require.Len(t, list, frames)
			for i, r := range list {
				require.EqualValues(t, i, r.Index)
				require.InDelta(t, float64(i)/10, r.PTS, 1e-3)
				require.Equal(t, [2]int{768, 576}, [2]int{r.Width, r.Height})
				require.True(t, c.check(r), "frame %d: %v", i, r)
			}
			assert.Equal(t, frames, count(t, filepath.Join(dir, "vtest.mp4")))
			s := p.Stats()
			t.Logf("%.1f frames a second", s.MeanFPS)
			for _, x := range s.Stages {
				t.Logf("%-20s p50 %8v mean %8v n %d", filepath.Base(x.Name), x.Latency.P50.Round(time.Microsecond), x.Latency.Mean.Round(time.Microsecond), x.Latency.Count)
			}
		})
	}
}

// processors makes one processor for each source.
func processors(t testing.TB, f func() (video.Processor, error)) func(string) []video.Processor {
	return func(string) []video.Processor {
		p, err := f()
		require.NoError(t, err)
		return []video.Processor{p}
	}
}

// A frame's result does not depend on the batch that it is in, nor on how many
// sources there are: it is that of the frame alone.
func TestResultsEqualFramesAlone(t *testing.T) {
	path := reftest.Shared(t, "video", "vtest.avi")
	const frames = 18
	for name, c := range map[string]struct {
		model video.Model
		most  float64 // the rest of a batch changes the last bits of sums
	}{"classifier": {cifar(t), 1e-5}, "detector": {thinDetector(t, 0.25, 32, 120), 1e-4}} {
		m, most := c.model, c.most
		var want []*video.Result
		alone, err := File(path)(context.Background())
		require.NoError(t, err)
		for range frames {
			f, err := alone.Read(context.Background())
			require.NoError(t, err)
			r, err := m.Run(context.Background(), []*video.Frame{f})
			require.NoError(t, err)
			want = append(want, r[0])
			require.NotEmpty(t, len(r[0].Probabilities)+len(r[0].Detections))
			f.Close()
		}
		require.NoError(t, alone.Close())
		var worst float64
		near := func(a, b float32) { worst = max(worst, math.Abs(float64(a-b))) }
		for _, c := range []struct{ batch, sources int }{{1, 1}, {3, 1}, {8, 1}, {1, 3}, {5, 3}} {
			var inputs []video.Input
			for range c.sources {
				inputs = append(inputs, video.Input{Open: video.File(path), Selection: video.Selection{End: frames * 100 * time.Millisecond}})
			}
			got := map[string]int{}
			_, err := runPipeline(t, video.Config{
				Inputs: inputs, Model: m, Batch: video.Batching{Size: c.batch},
				Outputs: []video.Output{video.Func(func(_ context.Context, r *video.Result) error {
					require.EqualValues(t, got[r.Source], r.Index)
					got[r.Source]++
					w := want[r.Index]
					require.Len(t, r.Probabilities, len(w.Probabilities))
					for i, v := range r.Probabilities {
						near(v, w.Probabilities[i])
					}
					require.Len(t, r.Detections, len(w.Detections))
					for i, d := range r.Detections {
						require.Equal(t, w.Detections[i].Label, d.Label)
						near(d.Score, w.Detections[i].Score)
						for k, v := range d.Box {
							near(v/1000, w.Detections[i].Box[k]/1000)
						}
					}
					return nil
				})},
			})
			require.NoError(t, err)
			for _, n := range got {
				assert.Equal(t, frames, n)
			}
			assert.Len(t, got, c.sources)
		}
		assert.LessOrEqual(t, worst, most, name)
		t.Logf("%s: largest difference of a probability, or of a box in thousands of pixels: %.2g", name, worst)
	}
}

// The way from a Mat's bytes to the input gives what ops/transform gives.
func TestPreprocessingEqualsTransform(t *testing.T) {
	path := reftest.Shared(t, "video", "vtest.avi")
	s, err := File(path)(context.Background())
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	f, err := s.Read(context.Background())
	require.NoError(t, err)
	defer f.Close()
	assert.Equal(t, video.BGR, f.Order)
	m, err := f.RGB()
	require.NoError(t, err)
	config := backbone.ResNet18()
	config.WidthMultiplier = 0.125
	net, err := backbone.New(config)
	require.NoError(t, err)
	for _, tf := range []transform.Classification{transform.ImageNet(), {Resize: 100}, {Crop: 128}} {
		n, err := video.NewNetwork(net, tf, nil, 1, "C5")
		require.NoError(t, err)
		got, err := n.Prepare(context.Background(), f)
		require.NoError(t, err)
		want, err := tf.Apply(m)
		require.NoError(t, err)
		assert.Equal(t, want.Data(), got.Data())
	}
}

// Start, stride, rate and region give the same frames as reading everything.
func TestSelection(t *testing.T) {
	path := reftest.Shared(t, "video", "vtest.avi")
	sum := func(f *video.Frame, r image.Rectangle) (n uint64) {
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for i, v := range f.Row(y)[3*r.Min.X : 3*r.Max.X] {
				n = n*31 + uint64(v) + uint64(i)
			}
		}
		return n
	}
	roi := image.Rect(100, 50, 420, 290)
	read := func(s video.Selection, r image.Rectangle) map[int64]uint64 {
		src, err := video.Select(context.Background(), File(path), s)
		require.NoError(t, err)
		defer func() { require.NoError(t, src.Close()) }()
		got := map[int64]uint64{}
		for {
			f, err := src.Read(context.Background())
			if errors.Is(err, io.EOF) {
				return got
			}
			require.NoError(t, err)
			assert.InDelta(t, float64(f.Index)/10, f.PTS.Seconds(), 1e-3)
			if s.ROI != (image.Rectangle{}) {
				assert.Equal(t, s.ROI.Min, f.Origin)
			}
			got[f.Index] = sum(f, r)
			f.Close()
		}
	}
	all := read(video.Selection{End: 12 * time.Second}, roi)
	require.Len(t, all, 120)
	for name, c := range map[string]struct {
		s       video.Selection
		indices []int64
	}{
		"start":  {video.Selection{Start: 11 * time.Second, End: 11400 * time.Millisecond}, []int64{110, 111, 112, 113}},
		"stride": {video.Selection{Start: 8 * time.Second, End: 9 * time.Second, Stride: 4}, []int64{80, 84, 88}},
		"rate":   {video.Selection{Start: 8 * time.Second, End: 9 * time.Second, FPS: 2.5}, []int64{80, 84, 88}},
	} {
		s := c.s
		s.ROI = roi
		got := read(s, image.Rect(0, 0, roi.Dx(), roi.Dy()))
		assert.Len(t, got, len(c.indices), name)
		for _, i := range c.indices {
			assert.Equal(t, all[i], got[i], "%s: frame %d", name, i)
		}
	}
}

// A header may claim more frames than there are.
func TestFrameCountThatLies(t *testing.T) {
	path := reftest.Shared(t, "video", "tree.avi")
	n := 0
	p, err := video.New(video.Config{Inputs: []video.Input{{Open: File(path)}}, Model: cifar(t)})
	require.NoError(t, err)
	for _, err := range p.Results(context.Background()) {
		require.NoError(t, err)
		n++
	}
	assert.Equal(t, 68, n)
}

func TestBadInput(t *testing.T) {
	dir := t.TempDir()
	text, empty := filepath.Join(dir, "text.avi"), filepath.Join(dir, "empty.avi")
	require.NoError(t, os.WriteFile(text, bytes.Repeat([]byte("not a video\n"), 1000), 0o644))
	require.NoError(t, os.WriteFile(empty, nil, 0o644))
	for name, c := range map[string]struct {
		open video.Opener
		says string
	}{
		"missing":  {File(filepath.Join(dir, "none.avi")), "none.avi: no such file"},
		"text":     {File(text), "not a video that OpenCV can read"},
		"empty":    {File(empty), "not a video that OpenCV can read"},
		"folder":   {File(dir), "is a folder"},
		"camera":   {Camera(97), "camera 97"},
		"negative": {Camera(-1), "camera -1"},
		"no URL":   {URL("camera"), "not a URL"},
		"refused":  {URL("http://user:secret@127.0.0.1:1/x"), "127.0.0.1:1/x cannot be opened"},
		"pipeline": {GStreamer("nosuchelement ! appsink"), "GStreamer pipeline"},
	} {
		_, err := runPipeline(t, video.Config{Inputs: []video.Input{{Name: "x", Open: c.open}}, Model: cifar(t)})
		var stage *video.StageError
		require.ErrorAs(t, err, &stage, name)
		assert.Equal(t, "source x", stage.Stage)
		assert.ErrorContains(t, err, c.says)
		assert.NotContains(t, err.Error(), "secret")
	}
}

func frame(t testing.TB, width, height int) *video.Result {
	t.Helper()
	f, err := video.NewFrame(width, height, 3*width, video.RGB, make([]uint8, 3*width*height), nil)
	require.NoError(t, err)
	return &video.Result{Frame: f, Source: "s"}
}

func TestWriterErrors(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	_, err := Writer(filepath.Join(dir, "none", "x.avi"), video.WriterOptions{}).Open(ctx)
	require.ErrorIs(t, err, video.ErrSink)
	_, err = Writer(filepath.Join(dir, "x.avi"), video.WriterOptions{FPS: -1}).Open(ctx)
	require.ErrorIs(t, err, video.ErrConfig)

	path := filepath.Join(dir, "x.avi")
	w, err := Writer(path, video.WriterOptions{FPS: 10}).Open(ctx)
	require.NoError(t, err)
	for range 3 {
		require.NoError(t, w.Write(ctx, frame(t, 64, 48)))
	}
	err = w.Write(ctx, frame(t, 32, 48))
	require.ErrorIs(t, err, video.ErrSink)
	assert.ErrorContains(t, err, "the frame is 32x48, the file 64x48")
	other := frame(t, 64, 48)
	other.Source = "t"
	assert.ErrorContains(t, w.Write(ctx, other), "second source")
	require.NoError(t, w.Close())
	assert.Equal(t, 3, count(t, path), "what was written before is kept")

}

// A disk that fills up is the sink's error, and what was written plays.
func TestWriterFullDisk(t *testing.T) {
	system := freeSpace
	t.Cleanup(func() { freeSpace = system })
	for _, name := range []string{"x.mp4", "x.avi"} {
		path := filepath.Join(t.TempDir(), name)
		freeSpace = func(dir string) (uint64, bool) {
			assert.Equal(t, filepath.Dir(path), dir)
			return 1 << 30, true
		}
		n := 0
		_, err := runPipeline(t, video.Config{
			Inputs: []video.Input{{Open: File(reftest.Shared(t, "video", "vtest.avi")), Selection: video.Selection{End: 20 * time.Second}}}, Model: cifar(t),
			Outputs: []video.Output{{Name: "file", Open: func(ctx context.Context) (video.Sink, error) {
				w, err := Writer(path, video.WriterOptions{}).Open(ctx)
				return filling{w, &n}, err
			}}},
		})
		require.ErrorIs(t, err, video.ErrSink)
		assert.ErrorContains(t, err, "sink file: source0, frame 30: no space left on device")
		assert.ErrorContains(t, err, "the 30 frames written are kept")
		assert.Equal(t, 30, count(t, path))
	}
	if free, ok := system(t.TempDir()); ok {
		assert.Positive(t, free)
	}
	_, ok := system("/no/such/folder")
	assert.False(t, ok)
}

// filling is a sink whose disk is full after 30 frames.
type filling struct {
	video.Sink
	n *int
}

func (f filling) Write(ctx context.Context, r *video.Result) error {
	if *f.n++; *f.n > 30 {
		freeSpace = func(string) (uint64, bool) { return 1 << 20, true }
	}
	return f.Sink.Write(ctx, r)
}

// What can be written does not depend on OpenCV's backends: files and codecs
// that are not known are refused before there is a frame, whichever backend
// would take them.
func TestWriterRefuses(t *testing.T) {
	dir := t.TempDir()
	for path, c := range map[string]struct{ codec, says string }{
		"x.nosuchformat": {"", `the extension ".nosuchformat" is of no video file that can be written, want one of .3gp .avi`},
		"x":              {"", `the extension "" is of no video file`},
		"x.avi.bak":      {"MJPG", `".bak"`},
		"x.jpg":          {"", `".jpg"`},
		"x.webm":         {"MJPG", `codec "MJPG", want one that a .webm file can have: VP80 VP90`},
		"x.AVI":          {"x", `codec "x", want one that a .avi file can have: MJPG mp4v`},
		"x.ts":           {"VP80", `codec "VP80"`},
		"x.mp4":          {"\x00\x00\x00\x00", `codec "\x00`},
	} {
		_, err := Writer(filepath.Join(dir, path), video.WriterOptions{Codec: c.codec}).Open(context.Background())
		require.ErrorIs(t, err, video.ErrConfig, path)
		assert.ErrorContains(t, err, c.says)
	}
	files, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Empty(t, files)
}

// Every file that is accepted plays back with the frames that were written, or
// there is no encoder of its codec, which the first frame tells.
func TestWriterContainers(t *testing.T) {
	inEveryFFmpeg := []string{"MJPG", "mp4v", "FFV1", "I420", "FLV1", "WMV2"}
	for extension, codecs := range containers {
		for _, codec := range strings.Fields(codecs) {
			path := filepath.Join(t.TempDir(), "x"+strings.ToUpper(extension))
			w, err := Writer(path, video.WriterOptions{FPS: 10, Codec: strings.ToLower(codec)}).Open(context.Background())
			require.NoError(t, err, "%s in %s", codec, extension)
			const frames = 5
			for range frames {
				if err = w.Write(context.Background(), frame(t, 64, 48)); err != nil {
					break
				}
			}
			require.NoError(t, w.Close())
			if err != nil && !slices.Contains(inEveryFFmpeg, codec) {
				require.ErrorIs(t, err, video.ErrSink)
				t.Logf("no %s in %s: %v", codec, extension, err)
				continue
			}
			require.NoError(t, err, "%s in %s", codec, extension)
			assert.Equal(t, frames, count(t, path), "%s in %s", codec, extension)
		}
	}
}

func TestWindowWithoutDisplay(t *testing.T) {
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	_, err := Window("x").Open(context.Background())
	require.ErrorIs(t, err, video.ErrSink)
}

// Ctrl-C in the middle: a second at most, and both files are readable to the
// last frame written.
func TestCancelKeepsFiles(t *testing.T) {
	path := reftest.Shared(t, "video", "vtest.avi")
	dir := t.TempDir()
	jsonl, annotated := filepath.Join(dir, "out.jsonl"), filepath.Join(dir, "out.mp4")
	ctx, cancel := context.WithCancel(context.Background())
	var at time.Time
	n := 0
	p, err := video.New(video.Config{
		Inputs: []video.Input{{Open: File(path), Selection: video.Selection{Loop: true}}}, Model: cifar(t), Annotate: &video.Style{},
		Outputs: []video.Output{video.JSONL(jsonl), Writer(annotated, video.WriterOptions{}), video.Func(func(context.Context, *video.Result) error {
			if n++; n == 40 {
				at = time.Now()
				cancel()
			}
			return nil
		})},
	})
	require.NoError(t, err)
	require.ErrorIs(t, p.Run(ctx), context.Canceled)
	assert.Less(t, time.Since(at), time.Second)
	list := records(t, jsonl)
	assert.GreaterOrEqual(t, len(list), 30)
	for i, r := range list {
		assert.EqualValues(t, i, r.Index)
	}
	assert.GreaterOrEqual(t, count(t, annotated), 30)
}
