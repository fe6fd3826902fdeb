package container

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
)

// No file makes the readers panic, take memory that it does not account for, or
// give times that fall.
func FuzzRead(f *testing.F) {
	for _, pattern := range []string{"*.mp4", "*.mov", "*.mkv", "*.webm"} {
		files, err := filepath.Glob(reftest.Testdata("video", pattern))
		require.NoError(f, err)
		require.NotEmpty(f, files)
		for _, path := range files {
			data, err := os.ReadFile(path)
			require.NoError(f, err)
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := Read(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			require.ErrorIs(t, err, ErrFormat)
			return
		}
		require.Contains(t, []int{0, 1, 2, 3}, file.Turn.Quarters)
		const most = 1000
		times, err := file.Times(most)
		if err != nil {
			require.ErrorIs(t, err, ErrFormat)
		}
		require.LessOrEqual(t, len(times), most)
		for i := range times {
			require.GreaterOrEqual(t, times[i], times[max(i-1, 0)])
		}
	})
}
