package video

import (
	"bytes"
	"context"
	"encoding/json"
	"image/color"
	"math"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/heads/classify"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

// rich is a result that has everything.
func rich(t testing.TB, order Order) *Result {
	t.Helper()
	f, err := NewFrame(64, 48, 3*64+5, order, make([]uint8, (3*64+5)*48), nil)
	require.NoError(t, err)
	f.Captured = time.Now()
	f.Origin.X = 7
	x, err := ops.New(1, 2, 3, 4)
	require.NoError(t, err)
	labels := make([]uint8, 64*48)
	for i := range labels[:64*12] {
		labels[i] = 2
	}
	stable := classify.Prediction{Class: 1, Label: "dog", Probability: 0.9}
	return &Result{
		Frame: f, Source: "a", Index: 12, PTS: 1500 * time.Millisecond,
		Classes: []classify.Prediction{stable, {Class: 0, Probability: 0.1}}, Stable: &stable,
		Detections: []Detection{{
			Box: [4]float32{10, 20, 30, 40}, Label: 3, Name: "car", Score: 0.75, TrackID: 5,
			Mask:      &Mask{X: 12, Y: 22, Width: 3, Height: 2, Bits: []bool{false, true, true, true, false, false}},
			Keypoints: []Keypoint{{X: 50, Y: 44, Score: 1, Name: "nose"}},
		}},
		Segmentation: &Segmentation{Width: 64, Height: 48, Labels: labels, Names: []string{"background"}},
		Features:     []Feature{{"C3", x}},
	}
}

// What the sink writes is what its schema describes, and reads back.
func TestJSONL(t *testing.T) {
	path := filepath.Join(t.TempDir(), "out.jsonl")
	s, err := JSONL(path).Open(context.Background())
	require.NoError(t, err)
	r := rich(t, RGB)
	plain := &Result{Source: "b"}
	require.NoError(t, s.Write(context.Background(), r))
	require.NoError(t, s.Write(context.Background(), plain))
	nan := &Result{Detections: []Detection{{Score: float32(math.NaN())}}}
	require.ErrorIs(t, s.Write(context.Background(), nan), ErrSink)
	require.NoError(t, s.Close())

	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(JSONLSchema))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("jsonl.schema.json", tree))
	schema, err := c.Compile("jsonl.schema.json")
	require.NoError(t, err)
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	lines := bytes.Split(bytes.TrimSuffix(data, []byte("\n")), []byte("\n"))
	require.Len(t, lines, 2)
	for i, want := range []*Result{r, plain} {
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(lines[i]))
		require.NoError(t, err)
		require.NoError(t, schema.Validate(v), "%s", lines[i])
		d := json.NewDecoder(bytes.NewReader(lines[i]))
		d.DisallowUnknownFields()
		var got Record
		require.NoError(t, d.Decode(&got))
		assert.Equal(t, want.Record(), got)
	}
	rec := r.Record()
	assert.Equal(t, 1.5, rec.PTS)
	assert.Equal(t, []int{1, 3, 2}, rec.Detections[0].Mask.Runs)
	assert.Equal(t, []RecordArea{{0, "background", 0.75}, {2, "", 0.25}}, rec.Segmentation)
	assert.Equal(t, map[string][]int{"C3": {1, 2, 3, 4}}, rec.Features)
}

// The shards together have every frame's features, in order.
func TestFeatureShards(t *testing.T) {
	dir := t.TempDir()
	s, err := FeatureShards(dir, 3).Open(context.Background())
	require.NoError(t, err)
	for i := range 8 {
		width := 2
		if i >= 5 {
			width = 3 // a new shape begins a new file
		}
		x, err := ops.New(1, 2, 1, width)
		require.NoError(t, err)
		x.Data()[0] = float32(i)
		require.NoError(t, s.Write(context.Background(), &Result{Source: "a", Index: int64(i), Features: []Feature{{"C3", x}}}))
	}
	require.ErrorIs(t, s.Write(context.Background(), &Result{}), ErrSink)
	require.NoError(t, s.Close())
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	require.NoError(t, err)
	n := 0
	for i, path := range files {
		sd, err := weights.Open(path)
		require.NoError(t, err)
		x, ok := sd.Get("C3")
		require.True(t, ok)
		assert.Equal(t, [][]int{{3, 2, 1, 2}, {2, 2, 1, 2}, {3, 2, 1, 3}}[i], x.Shape())
		values, err := x.Float32s()
		require.NoError(t, err)
		for row := range x.Shape()[0] {
			assert.EqualValues(t, n, values[row*2*x.Shape()[3]])
			n++
		}
		require.NoError(t, sd.Close())
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		assert.Contains(t, string(data), `\"source\":\"a\"`)
	}
	assert.Equal(t, 8, n)
	for _, o := range []Output{FeatureShards(dir, 0), FeatureShards(files[0], 1), FeatureShards(filepath.Join(dir, "none", "x"), 1),
		ImageFolder(dir, "gif"), ImageFolder(files[0], "png"), ImageFolder(filepath.Join(dir, "none", "x"), "png")} {
		_, err := o.Open(context.Background())
		assert.Error(t, err)
	}
	assert.NoDirExists(t, filepath.Join(dir, "none"))
	for name, open := range map[string]func(string) Output{
		"shards":   func(dir string) Output { return FeatureShards(dir, 1) },
		"pictures": func(dir string) Output { return ImageFolder(dir, "png") },
	} {
		for range 2 { // to be made, then there
			s, err := open(filepath.Join(dir, name)).Open(context.Background())
			require.NoError(t, err)
			require.NoError(t, s.Close())
		}
		assert.DirExists(t, filepath.Join(dir, name))
	}
}

func TestImageFolder(t *testing.T) {
	dir := t.TempDir()
	for _, order := range []Order{RGB, BGR} {
		s, err := ImageFolder(dir, "png").Open(context.Background())
		require.NoError(t, err)
		r := rich(t, order)
		r.Source = "a/b"
		require.NoError(t, Style{}.Draw(r))
		require.NoError(t, s.Write(context.Background(), r))
		require.NoError(t, s.Close())
		m, err := transform.Load(filepath.Join(dir, "a_b-000012.png"))
		require.NoError(t, err)
		want, err := r.Frame.RGB()
		require.NoError(t, err)
		assert.Equal(t, want.Pix, m.Pix)
	}
}

// Everything is drawn, in the same colours whatever the order of the bytes.
func TestDraw(t *testing.T) {
	var pictures [][]uint8
	for _, order := range []Order{RGB, BGR} {
		r := rich(t, order)
		require.NoError(t, Style{NoText: true}.Draw(r))
		car := Colour(5)
		half := color.RGBA{(car.R + 1) / 2, (car.G + 1) / 2, (car.B + 1) / 2, 255}
		for _, c := range []struct {
			x, y int
			want color.RGBA
		}{
			{10, 20, car}, {29, 39, car}, {20, 21, car}, {20, 30, color.RGBA{A: 255}}, {50, 44, car},
			{0, 0, color.RGBA{0, 64, 0, 255}}, {63, 47, color.RGBA{A: 255}}, {13, 22, half}, {14, 22, half}, {14, 23, color.RGBA{A: 255}},
		} {
			assert.Equal(t, c.want, r.Frame.At(c.x, c.y), "%d, %d", c.x, c.y)
		}
		with := rich(t, order)
		require.NoError(t, Style{}.Draw(with))
		assert.NotEqual(t, r.Frame.Pix, with.Frame.Pix, "the words")
		m, err := with.Frame.RGB()
		require.NoError(t, err)
		pictures = append(pictures, m.Pix)
	}
	assert.Equal(t, pictures[0], pictures[1])
}

// What does not fit is cut off or refused; nothing panics.
func TestDrawHostile(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	r := rich(t, RGB)
	r.Detections = []Detection{
		{Box: [4]float32{nan, inf, -inf, 1e30}, Label: -5, Score: nan},
		{Box: [4]float32{50, 40, 10, 5}, Score: 1},
		{Box: [4]float32{-100, -100, 1000, 1000}, Score: 1, Mask: &Mask{X: -2, Y: 47, Width: 3, Height: 2, Bits: make([]bool, 6)}},
		{Score: 1, Name: "a name that is far too long for the frame to hold", Keypoints: []Keypoint{{X: nan, Y: -inf, Score: 1}}},
	}
	require.NoError(t, Style{}.Draw(r))
	for name, change := range map[string]func(*Result){
		"mask":         func(r *Result) { r.Detections[0].Mask = &Mask{Width: 2, Height: 2}; r.Detections[0].Score = 1 },
		"segmentation": func(r *Result) { r.Segmentation.Width = 3 },
		"no frame":     func(r *Result) { r.Frame = nil },
	} {
		r := rich(t, RGB)
		change(r)
		assert.ErrorIs(t, Style{}.Draw(r), ErrFrame, name)
	}
	assert.ErrorIs(t, Style{Opacity: 2}.Draw(rich(t, RGB)), ErrConfig)
}

func TestSmoothing(t *testing.T) {
	p, err := Smoothing{Window: 2, Enter: 0.6, Exit: 0.3}.Processor()
	require.NoError(t, err)
	for i, c := range []struct {
		in     float32 // of class 0; the rest is class 1's
		mean   float32
		stable int
	}{
		{0.5, 0.5, -1}, {0.5, 0.5, -1}, {0.8, 0.65, 0}, {0.2, 0.5, 0}, {0.4, 0.3, 0}, {0.1, 0.25, 1}, {0.9, 0.5, 1}, {0.9, 0.9, 0},
	} {
		r := &Result{Probabilities: []float32{c.in, 1 - c.in}, Labels: []string{"x", "y"}, Classes: make([]classify.Prediction, 2)}
		require.NoError(t, p.Process(r))
		assert.InDelta(t, c.mean, r.Probabilities[0], 1e-6, "step %d", i)
		assert.Len(t, r.Classes, 2)
		assert.GreaterOrEqual(t, r.Classes[0].Probability, r.Classes[1].Probability)
		if c.stable < 0 {
			assert.Nil(t, r.Stable, "step %d", i)
			continue
		}
		require.NotNil(t, r.Stable, "step %d", i)
		assert.Equal(t, c.stable, r.Stable.Class, "step %d", i)
		assert.Equal(t, []string{"x", "y"}[c.stable], r.Stable.Label)
	}
	assert.ErrorIs(t, p.Process(&Result{Probabilities: []float32{1}}), ErrConfig)
	assert.ErrorIs(t, p.Process(&Result{}), ErrConfig)
	for _, s := range []Smoothing{{Window: -1}, {Enter: 2}, {Enter: 0.2, Exit: 0.3}, {Window: 1 << 30}} {
		_, err := s.Processor()
		assert.ErrorIs(t, err, ErrConfig)
	}
}

// Two objects cross the picture, one is hidden for a while; each keeps its id.
func TestTracking(t *testing.T) {
	p, err := Tracking{MaxAge: 3}.Processor()
	require.NoError(t, err)
	at := func(x float32, label int) Detection {
		return Detection{Box: [4]float32{x, 0, x + 20, 20}, Label: label}
	}
	for i := range 20 {
		x := float32(2 * i)
		r := &Result{Detections: []Detection{at(100-x, 1), at(x, 2)}}
		want := []int64{1, 2}
		if i >= 8 && i < 10 {
			r.Detections, want = r.Detections[1:], []int64{2}
		}
		require.NoError(t, p.Process(r))
		for j, d := range r.Detections {
			assert.Equal(t, want[j], d.TrackID, "frame %d", i)
		}
	}
	for range 4 {
		require.NoError(t, p.Process(&Result{}))
	}
	r := &Result{Detections: []Detection{at(62, 1)}}
	require.NoError(t, p.Process(r))
	assert.EqualValues(t, 3, r.Detections[0].TrackID, "after its age, it is another")
	_, err = Tracking{MinIoU: 2}.Processor()
	require.ErrorIs(t, err, ErrConfig)
	assert.InDelta(t, 1.0/3, IoU([4]float32{0, 0, 2, 1}, [4]float32{1, 0, 3, 1}), 1e-9)
	nan := float32(math.NaN())
	assert.Zero(t, IoU([4]float32{0, 0, nan, 1}, [4]float32{1, 0, 3, 1}))
	assert.Zero(t, IoU([4]float32{0, 0, 0, 0}, [4]float32{0, 0, 0, 0}))
}

// A network gives a frame the same in a batch as alone, and both classes and
// feature maps in one run.
func TestNetwork(t *testing.T) {
	config := backbone.CIFARResNet20()
	net, err := backbone.New(config)
	require.NoError(t, err)
	tf, labels := classify.CIFAR10()
	n, err := NewNetwork(net, tf, labels, 2, "C3", "logits")
	require.NoError(t, err)
	var batch []*Frame
	for i := range 5 {
		f, err := NewFrame(40, 30, 120, Order(i%2), make([]uint8, 3600), nil)
		require.NoError(t, err)
		for j := range f.Pix {
			f.Pix[j] = uint8(j * (i + 1))
		}
		batch = append(batch, f)
	}
	together, err := n.Run(context.Background(), batch)
	require.NoError(t, err)
	for i, f := range batch {
		alone, err := n.Run(context.Background(), batch[i:i+1])
		require.NoError(t, err)
		assert.InDeltaSlice(t, alone[0].Probabilities, together[i].Probabilities, 1e-5)
		assert.InDeltaSlice(t, alone[0].Features[0].Tensor.Data(), together[i].Features[0].Tensor.Data(), 1e-3)
		assert.Equal(t, []int{1, 32, 16, 16}, together[i].Features[0].Tensor.Shape())
		assert.Equal(t, alone[0].Classes[0].Label, together[i].Classes[0].Label)
		m, err := f.RGB()
		require.NoError(t, err)
		c, err := classify.New(net, tf, labels)
		require.NoError(t, err)
		want, err := c.Classify(context.Background(), 2, m)
		require.NoError(t, err)
		assert.Equal(t, want[0], alone[0].Classes, "as the classifier does it")
	}
	_, err = n.Run(context.Background(), nil)
	require.Error(t, err)
	for name, f := range map[string]func() error{
		"no network": func() error { _, err := NewNetwork(nil, tf, nil, 1, "C3"); return err },
		"no outputs": func() error { _, err := NewNetwork(net, tf, nil, 1); return err },
		"no such":    func() error { _, err := NewNetwork(net, tf, nil, 1, "C9"); return err },
		"top 0":      func() error { _, err := NewNetwork(net, tf, nil, 0, "logits"); return err },
		"labels":     func() error { _, err := NewNetwork(net, tf, labels[:3], 1, "logits"); return err },
		"transform":  func() error { _, err := NewNetwork(net, transform.Classification{Crop: -1}, nil, 1, "C3"); return err },
		"classifier": func() error { _, err := Classify(nil, 1); return err },
	} {
		assert.Error(t, f(), name)
	}
}

// An empty path is not the working directory, nor a file of no name.
func TestEmptyPath(t *testing.T) {
	for name, open := range map[string]Opener{"images": Images("", 0), "file": File(""), "url": URL("")} {
		_, err := open(context.Background())
		assert.ErrorIs(t, err, ErrSource, name)
		assert.ErrorContains(t, err, "the path is empty", name)
	}
	for name, o := range map[string]Output{
		"jsonl": JSONL(""), "images": ImageFolder("", "png"), "features": FeatureShards("", 1), "video": VideoFile("", WriterOptions{}),
	} {
		_, err := o.Open(context.Background())
		assert.ErrorIs(t, err, ErrSink, name)
		assert.ErrorContains(t, err, "the path is empty", name)
	}
}

func TestNoBackend(t *testing.T) {
	if registered.Load() != nil {
		t.Skip("there is one")
	}
	for _, open := range []Opener{File("x"), URL("x"), GStreamer("x"), Camera(0)} {
		_, err := open(context.Background())
		assert.ErrorIs(t, err, ErrBackend)
	}
	for _, o := range []Output{VideoFile("x", WriterOptions{}), Window("x")} {
		_, err := o.Open(context.Background())
		assert.ErrorIs(t, err, ErrBackend)
	}
}

func TestProgress(t *testing.T) {
	s := Stats{Frames: 50, FPS: 10, Sources: []SourceStats{{Info: Info{Frames: 100}, Read: 55}, {Info: Info{Frames: 100}, Read: 50, Done: true}}}
	assert.Equal(t, "50/150 frames, 10.0 fps, 10s left", s.line())
	s.Sources[0].Info.Live = true
	assert.Equal(t, "50 frames, 10.0 fps", s.line())
	assert.Nil(t, newBar(&bytes.Buffer{}))
}

// A disk that is full is the sink's error, and not lost in a buffer.
func TestFullDisk(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("there is no /dev/full")
	}
	p, err := New(Config{
		Inputs: []Input{{Open: (&synthetic{n: 5000}).opener()}}, Model: &numberModel{}, Outputs: []Output{JSONL("/dev/full")},
	})
	require.NoError(t, err)
	err = p.Run(context.Background())
	require.ErrorIs(t, err, ErrSink)
	assert.ErrorContains(t, err, "sink /dev/full: ")
	assert.ErrorContains(t, err, "no space")
}
