package video

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

// Bad pictures end a source, or are passed over; hidden ones are not taken.
func TestBadPictures(t *testing.T) {
	dir := t.TempDir()
	good, err := os.ReadFile(reftest.Testdata("images", "chelsea.png"))
	require.NoError(t, err)
	for name, data := range map[string][]byte{"1.png": good, "2.png": []byte("none"), "3.png": nil, "4.png": good, "._1.png": []byte("macOS")} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), data, 0o644))
	}
	ctx := context.Background()
	read := func(open Opener) (indices []int64, err error) {
		s, err := open(ctx)
		require.NoError(t, err)
		defer func() { require.NoError(t, s.Close()) }()
		assert.EqualValues(t, 4, s.Info().Frames)
		for {
			f, err := s.Read(ctx)
			if err != nil {
				return indices, err
			}
			indices = append(indices, f.Index)
			assert.Equal(t, time.Duration(f.Index)*100*time.Millisecond, f.PTS)
		}
	}
	for name, open := range map[string]Opener{"folder": Images(dir, 10), "sequence": Sequence(filepath.Join(dir, "%d.png"), 1, 10)} {
		indices, err := read(open)
		assert.Equal(t, []int64{0}, indices, name)
		require.ErrorIs(t, err, ErrSource)
		require.ErrorIs(t, err, transform.ErrImage)
		assert.ErrorContains(t, err, "2.png")

		var bad []BadPicture
		indices, err = read(PassOver(open, func(b *BadPicture) bool { bad = append(bad, *b); return true }))
		assert.Equal(t, []int64{0, 3}, indices, name)
		assert.Equal(t, io.EOF, err)
		require.Len(t, bad, 2)
		assert.Equal(t, filepath.Join(dir, "3.png"), bad[1].Path)
		assert.Equal(t, int64(2), bad[1].Index)
		assert.Equal(t, 200*time.Millisecond, bad[1].PTS)

		_, err = read(PassOver(open, func(b *BadPicture) bool { return b.Index < 2 }))
		assert.ErrorContains(t, err, "3.png")
	}
	other := PassOver(func(context.Context) (Source, error) { return nil, io.ErrUnexpectedEOF }, nil)
	_, err = other(ctx)
	assert.Equal(t, io.ErrUnexpectedEOF, err)
}
