//go:build cgo && matprofile

package opencv

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/pkg/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gocv.io/x/gocv"

	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/video"
)

// Every Mat is closed, once, after runs that end well, with an error and by
// cancellation. Closing one twice would crash the profile's bookkeeping or the
// program.
func TestEveryMatIsClosed(t *testing.T) {
	path := reftest.Shared(t, "video", "vtest.avi")
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		after int // frames until the end that is meant
		end   func(cancel func()) error
	}{
		"end":    {1 << 30, nil},
		"error":  {20, func(func()) error { return broken }},
		"cancel": {20, func(cancel func()) error { cancel(); return nil }},
	} {
		ctx, cancel := context.WithCancel(context.Background())
		n := 0
		var inputs []video.Input
		for range 2 {
			inputs = append(inputs, video.Input{Open: File(path), Selection: video.Selection{End: 6 * time.Second, Stride: 2}})
		}
		p, err := video.New(video.Config{
			Inputs: inputs, Model: cifar(t), Batch: video.Batching{Size: 3}, Annotate: &video.Style{},
			Outputs: []video.Output{
				Writer(filepath.Join(t.TempDir(), "{source}.avi"), video.WriterOptions{}),
				video.Func(func(context.Context, *video.Result) error {
					if n++; n == c.after {
						return c.end(cancel)
					}
					return nil
				}),
			},
		})
		require.NoError(t, err)
		err = p.Run(ctx)
		cancel()
		assert.Equal(t, name == "end", err == nil, "%s: %v", name, err)
		var b bytes.Buffer
		_ = gocv.MatProfile.WriteTo(&b, 1)
		assert.Zero(t, gocv.MatProfile.Count(), "%s: %s", name, b.String())
	}
}

// nothing is a model that finds nothing.
type nothing struct{}

func (nothing) Run(_ context.Context, batch []*video.Frame) ([]*video.Result, error) {
	results := make([]*video.Result, len(batch))
	for i := range results {
		results[i] = &video.Result{}
	}
	return results, nil
}

// Frames of a file that is read again and again use the same few Mats and the
// same memory.
func TestMatsOfALongRun(t *testing.T) {
	path := reftest.Shared(t, "video", "vtest.avi")
	frames := 20000
	if testing.Short() {
		frames = 1000
	}
	p, err := video.New(video.Config{
		Inputs: []video.Input{{Open: File(path), Selection: video.Selection{Loop: true}}}, Model: nothing{}, Batch: video.Batching{Size: 4},
	})
	require.NoError(t, err)
	var resident []int
	n := 0
	for r, err := range p.Results(context.Background()) {
		require.NoError(t, err)
		require.EqualValues(t, n, r.Index)
		if n++; n%(frames/8) == 0 {
			assert.Less(t, gocv.MatProfile.Count(), 40)
			resident = append(resident, kilobytes(t))
		}
		if n == frames {
			break
		}
	}
	assert.Zero(t, gocv.MatProfile.Count())
	t.Logf("resident memory, kB: %v; %.0f frames a second", resident, p.Stats().MeanFPS)
	assert.Less(t, resident[7]-resident[2], 20000, "kB more after warming up")
}

// kilobytes is the memory that the process has, 0 where the system does not
// say.
func kilobytes(t testing.TB) (n int) {
	t.Helper()
	data, _ := os.ReadFile("/proc/self/status")
	if _, rest, ok := bytes.Cut(data, []byte("VmRSS:")); ok {
		_, err := fmt.Sscan(string(rest), &n)
		require.NoError(t, err)
	}
	return n
}
