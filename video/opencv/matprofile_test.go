//go:build cgo && matprofile

package opencv

import (
	"bytes"
	"context"
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
