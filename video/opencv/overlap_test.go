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

// The stages overlap: frames per second come near to the cores divided by the
// processor time that a frame takes in all stages, each measured alone. Other
// programs on the machine take their share, so the bound is loose; the log has
// the ratio.
func TestStagesOverlap(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	path := reftest.Shared(t, "video", "vtest.avi")
	m, ctx := cifar(t), context.Background()
	const n = 200
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
		Inputs: []video.Input{{Open: File(path)}}, Model: m, Annotate: &video.Style{}, Outputs: outputs(),
	})
	require.NoError(t, err)
	ratio := p.Stats().MeanFPS / limit
	t.Logf("together   %8v of processor time a frame, %.2f cores busy", ((cpu(t) - begin) / vtestFrames).Round(time.Microsecond), (cpu(t)-begin).Seconds()/p.Stats().Elapsed.Seconds())
	for _, x := range p.Stats().Stages {
		t.Logf("%-20.20s p50 %8v mean %8v", x.Name, x.Latency.P50.Round(time.Microsecond), x.Latency.Mean.Round(time.Microsecond))
	}
	t.Logf("%.1f frames a second of at most %.1f: %.0f %%", p.Stats().MeanFPS, limit, 100*ratio)
	assert.Greater(t, ratio, 0.4)
}
