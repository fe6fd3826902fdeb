package video

import (
	"context"
	"fmt"
	"image"
	"io"
	"log/slog"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pkg/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every frame of every source comes out once, in order, whatever the batches.
func TestPipelineOrder(t *testing.T) {
	for _, size := range []int{1, 2, 3, 8} {
		for _, sources := range []int{1, 3} {
			var open, closed atomic.Int64
			var inputs []Input
			for i := range sources {
				s := &synthetic{n: int64(40 + 7*i), open: &open, closed: &closed}
				inputs = append(inputs, Input{Name: fmt.Sprint("s", i), Open: s.opener()})
			}
			sink, again := &collected{}, &collected{}
			p, err := run(t, Config{Inputs: inputs, Model: &numberModel{}, Batch: Batching{Size: size}, Outputs: []Output{sink.output(), again.output()}})
			require.NoError(t, err)
			total := 0
			for i := range sources {
				assert.Equal(t, upTo(40+7*i), sink.got[fmt.Sprint("s", i)])
				total += 40 + 7*i
			}
			assert.Equal(t, sink.got, again.got)
			assert.Equal(t, 1, sink.closed)
			assert.Zero(t, open.Load(), "frames that are not closed")
			assert.EqualValues(t, sources, closed.Load())
			s := p.Stats()
			assert.EqualValues(t, total, s.Frames)
			for _, x := range s.Sources {
				assert.True(t, x.Done)
				assert.Zero(t, x.Dropped)
			}
			assert.ErrorIs(t, p.Run(context.Background()), ErrConfig, "a second run")
		}
	}
}

// Sources take turns: none waits for another that has more to give.
func TestPipelineIsFair(t *testing.T) {
	m := &numberModel{slow: time.Millisecond}
	var inputs []Input
	for i := range 3 {
		inputs = append(inputs, Input{Name: fmt.Sprint(i), Open: (&synthetic{n: 60}).opener()})
	}
	_, err := run(t, Config{Inputs: inputs, Model: m, Batch: Batching{Size: 3}})
	require.NoError(t, err)
	counts := map[string]int{}
	for _, batch := range m.batches[:len(m.batches)/2] {
		for _, name := range batch {
			counts[name]++
		}
	}
	for _, n := range counts {
		assert.InDelta(t, 30, n, 6, "%v", counts)
	}
	assert.Len(t, counts, 3)
}

// A batch that others do not fill leaves after its wait.
func TestBatchWaits(t *testing.T) {
	m := &numberModel{}
	sink := &collected{}
	begin := time.Now()
	_, err := run(t, Config{
		Inputs: []Input{{Name: "a", Open: (&synthetic{n: 5, every: 30 * time.Millisecond}).opener()}},
		Model:  m, Batch: Batching{Size: 8, Wait: 5 * time.Millisecond}, Outputs: []Output{sink.output()},
	})
	require.NoError(t, err)
	assert.Equal(t, upTo(5), sink.got["a"])
	assert.GreaterOrEqual(t, len(m.batches), 3, "batches of one, as the frames come")
	assert.Less(t, time.Since(begin), 5*time.Second)
}

// Frames of different sizes do not share a batch, and do not hold each other
// up.
func TestBatchOfDifferentSizes(t *testing.T) {
	m := &numberModel{}
	sink := &collected{}
	_, err := run(t, Config{
		Inputs: []Input{
			{Name: "a", Open: (&synthetic{n: 50}).opener()},
			{Name: "b", Open: (&synthetic{n: 20, width: 32}).opener()},
		},
		Model: m, Batch: Batching{Size: 4}, Outputs: []Output{sink.output()},
	})
	require.NoError(t, err)
	assert.Equal(t, upTo(50), sink.got["a"])
	assert.Equal(t, upTo(20), sink.got["b"])
	for _, batch := range m.batches {
		for _, name := range batch {
			assert.Equal(t, batch[0], name)
		}
	}
}

func TestPolicies(t *testing.T) {
	for policy, check := range map[Policy]func(t *testing.T, got []int, dropped int64){
		Block:      func(t *testing.T, got []int, dropped int64) { assert.Equal(t, upTo(60), got); assert.Zero(t, dropped) },
		DropOldest: func(t *testing.T, got []int, dropped int64) { assert.Positive(t, dropped) },
		Latest:     func(t *testing.T, got []int, dropped int64) { assert.Positive(t, dropped) },
	} {
		for _, live := range []bool{true, false} {
			sink := &collected{}
			p, err := run(t, Config{
				Inputs: []Input{{Name: "a", Open: (&synthetic{n: 60, live: live, every: time.Millisecond}).opener(), Policy: policy, Queue: 2, Reconnect: Reconnect{Disabled: true}}},
				Model:  &numberModel{slow: 5 * time.Millisecond}, Outputs: []Output{sink.output()}, Queue: 1,
			})
			require.NoError(t, err)
			got := sink.got["a"]
			s := p.Stats().Sources[0]
			if live {
				check(t, got, s.Dropped)
			} else {
				assert.Equal(t, upTo(60), got, "a file is never dropped")
			}
			assert.EqualValues(t, 60, s.Read)
			assert.EqualValues(t, 60, int64(len(got))+s.Dropped, "every frame is accounted for")
			assert.IsIncreasing(t, got)
			assert.Equal(t, 59, got[len(got)-1], "the newest is not dropped")
		}
	}
}

// Whatever fails, the error names the stage, the frames are closed and the
// sinks are completed.
func TestErrorsNameTheStage(t *testing.T) {
	broken := errors.New("broken")
	file := func(open *atomic.Int64) Input {
		return Input{Name: "a", Open: (&synthetic{n: 100, open: open}).opener()}
	}
	for name, c := range map[string]struct {
		change func(*Config)
		stage  string
	}{
		"open":        {func(c *Config) { c.Inputs[0].Open = func(context.Context) (Source, error) { return nil, broken } }, "source a"},
		"open panic":  {func(c *Config) { c.Inputs[0].Open = func(context.Context) (Source, error) { panic("broken") } }, "source a"},
		"read":        {func(c *Config) { c.Inputs[0].Open = (&synthetic{n: 5, fail: broken}).opener() }, "source a"},
		"empty":       {func(c *Config) { c.Inputs[0].Open = (&synthetic{}).opener() }, "source a"},
		"region":      {func(c *Config) { c.Inputs[0].Selection.ROI.Max.X, c.Inputs[0].Selection.ROI.Max.Y = 50, 50 }, "source a"},
		"model":       {func(c *Config) { c.Model = &numberModel{fail: 7} }, "model"},
		"short":       {func(c *Config) { c.Model = modelFunc(func([]*Frame) []*Result { return nil }) }, "model"},
		"nil result":  {func(c *Config) { c.Model = modelFunc(func(b []*Frame) []*Result { return make([]*Result, len(b)) }) }, "model"},
		"model panic": {func(c *Config) { c.Model = modelFunc(func([]*Frame) []*Result { panic("broken") }) }, "model"},
		"post": {func(c *Config) {
			c.Post = func(string) []Processor { return []Processor{&smoother{stable: -1}} }
		}, "post-process"},
		"annotate": {func(c *Config) { c.Annotate = &Style{Line: -1} }, "annotate"},
		"sink open": {func(c *Config) {
			c.Outputs[0].Open = func(context.Context) (Sink, error) { return nil, broken }
		}, "sink collect"},
		"sink write": {func(c *Config) {
			c.Outputs[0] = Func(func(context.Context, *Result) error { return broken })
			c.Outputs[0].Name = "collect"
		}, "sink collect"},
		"sink folder": {func(c *Config) { c.Outputs[0] = JSONL("no/such/folder/out.jsonl") }, "sink no/such/folder/out.jsonl"},
	} {
		t.Run(name, func(t *testing.T) {
			var open atomic.Int64
			sink, other := &collected{}, &collected{}
			config := Config{Inputs: []Input{file(&open)}, Model: &numberModel{}, Outputs: []Output{sink.output(), other.output()}}
			c.change(&config)
			_, err := run(t, config)
			var stage *StageError
			require.ErrorAs(t, err, &stage)
			assert.Equal(t, c.stage, stage.Stage, "%v", err)
			assert.Zero(t, open.Load())
			if len(other.got) > 0 {
				assert.Equal(t, 1, other.closed)
			}
			if name == "read" {
				assert.Equal(t, upTo(5), other.got["a"], "frames before a source's error are finished")
			}
		})
	}
}

type modelFunc func([]*Frame) []*Result

func (f modelFunc) Run(_ context.Context, b []*Frame) ([]*Result, error) { return f(b), nil }

func TestConfigIsChecked(t *testing.T) {
	in := Input{Name: "a", Open: (&synthetic{n: 1}).opener()}
	for name, change := range map[string]func(*Config){
		"no source":   func(c *Config) { c.Inputs = nil },
		"no model":    func(c *Config) { c.Model = nil },
		"no open":     func(c *Config) { c.Inputs[0].Open = nil },
		"twice":       func(c *Config) { c.Inputs = append(c.Inputs, c.Inputs[0]) },
		"policy":      func(c *Config) { c.Inputs[0].Policy = "newest" },
		"unchanged":   func(c *Config) { c.Inputs[0].Unchanged = -1 },
		"queue":       func(c *Config) { c.Inputs[0].Queue = -1 },
		"stride":      func(c *Config) { c.Inputs[0].Selection.Stride = -1 },
		"times":       func(c *Config) { c.Inputs[0].Selection = Selection{Start: 2, End: 1} },
		"reconnect":   func(c *Config) { c.Inputs[0].Reconnect.Initial = -1 },
		"batch":       func(c *Config) { c.Batch.Size = -1 },
		"wait":        func(c *Config) { c.Batch.Wait = -1 },
		"queues":      func(c *Config) { c.Queue = -1 },
		"sink":        func(c *Config) { c.Outputs = []Output{{}} },
		"sink's name": func(c *Config) { c.Outputs = []Output{{Open: (&collected{}).output().Open, Sources: []string{"b"}}} },
	} {
		c := Config{Inputs: []Input{in}, Model: &numberModel{}}
		change(&c)
		_, err := New(c)
		assert.ErrorIs(t, err, ErrConfig, name)
	}
}

// The context ends a pipeline within a second, wherever it is.
func TestCancel(t *testing.T) {
	for name, c := range map[string]Config{
		"reading": {Inputs: []Input{{Open: (&synthetic{n: 3, hang: true}).opener()}}, Model: &numberModel{}},
		"opening": {Inputs: []Input{{Open: func(ctx context.Context) (Source, error) { <-ctx.Done(); return nil, ctx.Err() }}}, Model: &numberModel{}},
		"in C": {Inputs: []Input{{Open: func(context.Context) (Source, error) {
			time.Sleep(3 * time.Second) // does not heed the context
			return nil, errors.New("late")
		}}}, Model: &numberModel{}},
		"model": {Inputs: []Input{{Open: (&synthetic{n: 100}).opener()}}, Model: modelFunc(func(batch []*Frame) []*Result {
			time.Sleep(2 * time.Second) // nor does this
			return make([]*Result, len(batch))
		})},
		"slow model":   {Inputs: []Input{{Open: (&synthetic{n: 100}).opener()}}, Model: &numberModel{slow: time.Hour}},
		"reconnecting": {Inputs: []Input{{Open: (&synthetic{n: 3, live: true}).opener(), Reconnect: Reconnect{Initial: time.Hour}}}, Model: &numberModel{}},
		"busy":         {Inputs: []Input{{Open: (&synthetic{n: 1 << 40}).opener()}}, Model: &numberModel{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var open atomic.Int64
			sink := &collected{}
			c.Outputs = []Output{sink.output()}
			c.Inputs[0].Open = counting(c.Inputs[0].Open, &open)
			p, err := New(c)
			require.NoError(t, err)
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(100*time.Millisecond, cancel)
			begin := time.Now()
			err = p.Run(ctx)
			assert.ErrorIs(t, err, context.Canceled)
			assert.Less(t, time.Since(begin), 1100*time.Millisecond)
			assert.Eventually(t, func() bool { return open.Load() == 0 }, 5*time.Second, time.Millisecond, "frames that are not closed")
			if len(sink.got) > 0 {
				assert.Equal(t, 1, sink.closed)
			}
		})
	}
}

// A live source that ends, fails or falls silent is opened again; numbers and
// times go on.
func TestReconnect(t *testing.T) {
	connections := 0
	open := func(ctx context.Context) (Source, error) {
		connections++
		s := &synthetic{n: 4, live: true}
		switch connections {
		case 2:
			s.fail = errors.New("cut")
		case 3:
			return nil, errors.New("not there")
		case 4:
			s.hang = true
		case 6:
			return nil, errors.New("gone")
		}
		if connections > 5 {
			return nil, errors.New("gone")
		}
		return s.opener()(ctx)
	}
	var indices []int64
	var times []time.Duration
	p, err := run(t, Config{
		Inputs: []Input{{Name: "cam", Open: open, Stall: 100 * time.Millisecond, Reconnect: Reconnect{Initial: time.Millisecond, Max: 4 * time.Millisecond, Attempts: 3}}},
		Model:  &numberModel{},
		Outputs: []Output{Func(func(_ context.Context, r *Result) error {
			indices, times = append(indices, r.Index), append(times, r.PTS)
			return nil
		})},
	})
	var stage *StageError
	require.ErrorAs(t, err, &stage)
	assert.ErrorContains(t, err, "source cam: gave up after 3 attempts to reconnect: gone")
	assert.Len(t, indices, 16)
	assert.IsIncreasing(t, indices)
	assert.IsIncreasing(t, times)
	s := p.Stats().Sources[0]
	assert.EqualValues(t, 7, s.Reconnects)
	assert.EqualValues(t, 1, s.Stalls)
}

// badly is a source whose frame 2 cannot be read and that cannot be closed.
type badly struct{ Source }

func (b badly) Close() error { return errors.Wrap(ErrSource, "closing\nit") }

// A log has a line for each event, whatever its errors carry: no stack trace.
func TestLog(t *testing.T) {
	broken := errors.Wrapf(ErrFrame, "frame 2:\nhalf of it is %q", "missing")
	opened := 0
	open := func(ctx context.Context) (Source, error) {
		if opened++; opened > 2 {
			return nil, errors.WithStack(errors.Wrap(broken, "again"))
		}
		s, err := (&synthetic{n: 2, live: true, fail: broken}).opener()(ctx)
		return badly{s}, err
	}
	text, asJSON := &lockedBuffer{}, &lockedBuffer{}
	for _, handler := range []slog.Handler{slog.NewTextHandler(text, nil), slog.NewJSONHandler(asJSON, nil)} {
		opened = 0
		_, err := run(t, Config{
			Inputs: []Input{{Name: "cam", Open: open, Reconnect: Reconnect{Initial: time.Millisecond, Attempts: 2}}},
			Model:  &numberModel{}, Log: slog.New(handler), LogEvery: time.Hour, Outputs: []Output{(&collected{}).output()},
		})
		require.ErrorIs(t, err, ErrFrame)
	}
	for _, log := range []string{text.String(), asJSON.String()} {
		count := map[string]int{}
		for line := range strings.Lines(log) {
			assert.Less(t, len(line), 400, "%s", line)
			assert.NotContains(t, line, ".go:", "no stack trace")
			assert.NotContains(t, line, "runtime.goexit")
			for _, event := range []string{"reconnecting", "closing", "stats"} {
				if strings.Contains(line, event+" ") || strings.Contains(line, `"`+event+`"`) || strings.Contains(line, event+".fps") {
					count[event]++
				}
			}
		}
		assert.Equal(t, strings.Count(log, "\n"), count["reconnecting"]+count["closing"]+count["stats"], "a line each:\n%s", log)
		assert.Equal(t, 2, count["closing"])
		assert.GreaterOrEqual(t, count["reconnecting"], 3)
		assert.Equal(t, 1, count["stats"])
	}
	assert.Contains(t, text.String(), `level=WARN msg=reconnecting source=cam after=1ms error="frame 2:\nhalf of it is \"missing\": invalid frame"`)
	assert.Contains(t, asJSON.String(), `"error":"frame 2:\nhalf of it is \"missing\": invalid frame"`)
}

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	strings.Builder
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Builder.Write(p)
}

// A live source that goes on with its last picture is opened again, if that is
// wanted; a file may stand still.
func TestUnchanged(t *testing.T) {
	for name, c := range map[string]struct {
		unchanged time.Duration
		live      bool
		stalls    int64
	}{"wanted": {30 * time.Millisecond, true, 1}, "not wanted": {0, true, 0}, "file": {30 * time.Millisecond, false, 0}, "patient": {time.Hour, true, 0}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connections := 0
			open := func(ctx context.Context) (Source, error) {
				connections++
				s := &synthetic{n: 3, live: c.live}
				if connections > 1 {
					return nil, errors.New("gone")
				}
				src, err := s.opener()(ctx)
				return &frozen{Source: src, n: 60}, err
			}
			n := 0
			p, err := run(t, Config{
				Inputs:  []Input{{Name: "cam", Open: open, Unchanged: c.unchanged, Reconnect: Reconnect{Initial: time.Millisecond, Max: time.Millisecond, Attempts: 1}}},
				Model:   &numberModel{},
				Outputs: []Output{Func(func(context.Context, *Result) error { n++; return nil })},
			})
			if c.live {
				assert.ErrorContains(t, err, "gone")
			} else {
				assert.NoError(t, err)
			}
			assert.EqualValues(t, c.stalls, p.Stats().Sources[0].Stalls)
			if c.stalls > 0 {
				assert.Less(t, n, 63)
				assert.Greater(t, n, 3)
			} else {
				assert.Equal(t, 63, n)
			}
		})
	}
}

// frozen repeats a source's last picture.
type frozen struct {
	Source
	last *Frame
	n    int
}

func (s *frozen) Read(ctx context.Context) (*Frame, error) {
	f, err := s.Source.Read(ctx)
	if err == nil {
		s.last = f.Clone()
		return f, nil
	}
	if s.n--; s.n < 0 {
		return nil, err
	}
	time.Sleep(2 * time.Millisecond)
	f = s.last.Clone()
	f.Index++
	f.PTS += time.Millisecond
	s.last.Index, s.last.PTS = f.Index, f.PTS
	return f, nil
}

// Frames of one source may change their size: all go on, in order, and tracks do
// not.
func TestSizeChangesMidway(t *testing.T) {
	n := 0
	open := func(ctx context.Context) (Source, error) {
		first, err := (&synthetic{n: 10}).opener()(ctx)
		if err != nil {
			return nil, err
		}
		second, err := (&synthetic{n: 10, width: 8, height: 16}).opener()(ctx)
		return &joined{Source: first, next: second}, err
	}
	sink := &collected{}
	m := &numberModel{}
	_, err := run(t, Config{
		Inputs: []Input{{Name: "a", Open: open}}, Model: m, Batch: Batching{Size: 4},
		Outputs: []Output{sink.output(), Func(func(_ context.Context, r *Result) error {
			if want := image.Pt(16, 8); n < 10 {
				assert.Equal(t, want, r.Frame.Bounds().Size())
			} else {
				assert.Equal(t, image.Pt(8, 16), r.Frame.Bounds().Size())
			}
			n++
			return nil
		})},
	})
	require.NoError(t, err)
	assert.Equal(t, append(upTo(10), upTo(10)...), sink.got["a"])

	track, err := Tracking{}.Processor()
	require.NoError(t, err)
	ids := func(width int) int64 {
		f, err := NewFrame(width, 10, 3*width, RGB, make([]uint8, 30*width), nil)
		require.NoError(t, err)
		r := &Result{Frame: f, Detections: []Detection{{Box: [4]float32{1, 1, 5, 5}}}}
		require.NoError(t, track.Process(r))
		return r.Detections[0].TrackID
	}
	assert.EqualValues(t, 1, ids(10))
	assert.EqualValues(t, 1, ids(10))
	assert.EqualValues(t, 2, ids(20), "an object of another picture")
	assert.EqualValues(t, 2, ids(20))
}

// joined is a source that goes on with another.
type joined struct {
	Source
	next Source
}

func (s *joined) Read(ctx context.Context) (*Frame, error) {
	f, err := s.Source.Read(ctx)
	if errors.Is(err, io.EOF) && s.next != nil {
		s.Source, s.next = s.next, nil
		return s.Source.Read(ctx)
	}
	return f, err
}

func TestResults(t *testing.T) {
	var open atomic.Int64
	make := func(n int64, fail error) *Pipeline {
		p, err := New(Config{Inputs: []Input{{Name: "a", Open: (&synthetic{n: n, open: &open, fail: fail}).opener()}}, Model: &numberModel{}})
		require.NoError(t, err)
		return p
	}
	p, n := make(30, nil), 0
	for r, err := range p.Results(context.Background()) {
		require.NoError(t, err)
		assert.EqualValues(t, n, r.Index)
		assert.EqualValues(t, n, r.Frame.Pix[0])
		n++
	}
	assert.Equal(t, 30, n)
	for range make(1<<40, nil).Results(context.Background()) {
		break
	}
	var last error
	for _, err := range make(3, io.ErrUnexpectedEOF).Results(context.Background()) {
		last = err
	}
	assert.ErrorIs(t, last, io.ErrUnexpectedEOF)
	assert.Panics(t, func() {
		for range make(1<<40, nil).Results(context.Background()) {
			panic("the body's")
		}
	})
	for _, err := range p.Results(context.Background()) {
		assert.ErrorIs(t, err, ErrConfig)
	}
	assert.Zero(t, open.Load())
}

func TestChannel(t *testing.T) {
	c := make(chan *Result)
	p, err := New(Config{Inputs: []Input{{Open: (&synthetic{n: 10}).opener()}}, Model: &numberModel{}, Outputs: []Output{Channel(c)}})
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() { done <- p.Run(context.Background()) }()
	var got []int64
	for r := range c {
		assert.Nil(t, r.Frame)
		got = append(got, r.Index)
	}
	assert.Len(t, got, 10)
	assert.NoError(t, <-done)
}

// resident is the memory that the system counts, where it says so.
func resident() string {
	data, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(data)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "unknown"
}

// Many frames leave nothing behind: no goroutine, no frame, no memory.
func TestSoak(t *testing.T) {
	n := int64(20000)
	if testing.Short() {
		n = 4000
	}
	var open atomic.Int64
	before := runtime.NumGoroutine()
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var early, late uint64
	p, err := New(Config{
		Inputs: []Input{
			{Name: "a", Open: (&synthetic{n: n / 2, width: 320, height: 240, open: &open}).opener()},
			{Name: "b", Open: (&synthetic{n: n / 2, width: 320, height: 240, open: &open, live: true}).opener(), Policy: Block, Reconnect: Reconnect{Disabled: true}},
		},
		Model: &numberModel{forgets: true}, Batch: Batching{Size: 4}, Annotate: &Style{}, Outputs: []Output{JSONLWriter(io.Discard)},
	})
	require.NoError(t, err)
	count := int64(0)
	for _, err := range p.Results(context.Background()) {
		require.NoError(t, err)
		switch count++; count {
		case n / 4:
			early = heap()
		case n - n/8:
			late = heap()
		}
		if count%(n/8) == 0 {
			t.Logf("%d frames: %s", count, resident())
		}
	}
	assert.Equal(t, n, count)
	assert.Zero(t, open.Load())
	// Some 40 frames of 230 kB are on their way at any moment.
	assert.Less(t, int64(late)-int64(early), int64(12<<20), "bytes on the heap")
	for begin := time.Now(); runtime.NumGoroutine() > before && time.Since(begin) < 5*time.Second; {
		time.Sleep(10 * time.Millisecond)
	}
	assert.LessOrEqual(t, runtime.NumGoroutine(), before, "goroutines")
	t.Logf("%d frames, heap %.1f and %.1f MB, %.0f frames a second", n, float64(early)/1e6, float64(late)/1e6, p.Stats().MeanFPS)
}
