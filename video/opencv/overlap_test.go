//go:build cgo && unix

package opencv

import (
	"context"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/video"
)

// cpu is the processor time that the process has used.
func cpu(t testing.TB) time.Duration {
	t.Helper()
	var u syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// prepared is a model whose preprocessing is a stage.
type prepared interface {
	video.Model
	video.Preparer
}

// overlap measures how near a pipeline that reads, prepares, runs, tracks,
// annotates and writes both files comes to its limit: the cores, divided by the
// processor time that a frame takes in all stages, each measured alone.
func overlap(t testing.TB, m prepared, end time.Duration) float64 {
	t.Helper()
	path := reftest.Shared(t, "video", "vtest.avi")
	ctx := context.Background()
	const n = 100
	var alone time.Duration
	measure := func(what string, f func()) {
		begin, wall := cpu(t), time.Now()
		f()
		used := (cpu(t) - begin) / n
		alone += used
		t.Logf("%-10s %8v of processor time a frame, %8v elapsed", what, used.Round(time.Microsecond), (time.Since(wall) / n).Round(time.Microsecond))
	}
	src, err := File(path)(ctx)
	require.NoError(t, err)
	var frames []*video.Frame
	measure("decode", func() {
		for range n {
			f, err := src.Read(ctx)
			require.NoError(t, err)
			frames = append(frames, f)
		}
	})
	require.NoError(t, src.Close())
	measure("preprocess", func() {
		for _, f := range frames {
			var err error
			f.Input, err = m.Prepare(ctx, f)
			require.NoError(t, err)
		}
	})
	_, err = m.Run(ctx, frames[:1]) // packs the weights
	require.NoError(t, err)
	var results []*video.Result
	measure("model", func() {
		for i := range frames {
			r, err := m.Run(ctx, frames[i:i+1])
			require.NoError(t, err)
			results = append(results, r[0])
		}
	})
	outputs := func() []video.Output {
		dir := t.TempDir()
		return []video.Output{video.JSONL(filepath.Join(dir, "out.jsonl")), Writer(filepath.Join(dir, "out.mp4"), video.WriterOptions{})}
	}
	measure("sinks", func() {
		for _, r := range results {
			require.NoError(t, video.Style{}.Draw(r))
		}
		for _, o := range outputs() {
			s, err := o.Open(ctx)
			require.NoError(t, err)
			for _, r := range results {
				require.NoError(t, s.Write(ctx, r))
			}
			require.NoError(t, s.Close())
		}
	})
	for _, f := range frames {
		f.Close()
	}
	limit := float64(runtime.NumCPU()) / alone.Seconds()
	begin := cpu(t)
	p, err := runPipeline(t, video.Config{
		Inputs: []video.Input{{Open: File(path), Selection: video.Selection{End: end}}}, Model: m, Annotate: &video.Style{}, Outputs: outputs(),
	})
	require.NoError(t, err)
	s := p.Stats()
	t.Logf("together   %8v of processor time a frame, %.2f cores busy", ((cpu(t) - begin) / time.Duration(s.Frames)).Round(time.Microsecond), (cpu(t)-begin).Seconds()/s.Elapsed.Seconds())
	t.Logf("%.1f frames a second of at most %.1f: %.0f %%", s.MeanFPS, limit, 100*s.MeanFPS/limit)
	return s.MeanFPS / limit
}

// The stages overlap. Other programs on the machine take their share, so the
// bound is loose; BenchmarkOverlap reports the ratio.
func TestStagesOverlap(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	assert.Greater(t, overlap(t, cifar(t), 0), 0.3, "classifier")
	assert.Greater(t, overlap(t, thinDetector(t, 0.25, 32, 120), 20*time.Second), 0.3, "detector")
}

// BenchmarkOverlap reports frames per second as a share of the limit.
func BenchmarkOverlap(b *testing.B) {
	for name, run := range map[string]func() float64{
		"classifier": func() float64 { return overlap(b, cifar(b), 0) },
		"detector":   func() float64 { return overlap(b, thinDetector(b, 0.5, 128, 240), 0) },
	} {
		b.Run(name, func(b *testing.B) {
			var sum float64
			for range b.N {
				sum += run()
			}
			b.ReportMetric(100*sum/float64(b.N), "%-of-limit")
			b.ReportMetric(0, "ns/op")
		})
	}
}
