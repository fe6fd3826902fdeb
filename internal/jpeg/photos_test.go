package jpeg

import (
	"bytes"
	stdjpeg "image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
)

// photographs are the JPEGs of the shared data, by name.
func photographs(t testing.TB) map[string][]byte {
	t.Helper()
	folder := reftest.Shared(t, "images")
	if f := os.Getenv("JPEGS"); f != "" {
		folder = f
	}
	paths, err := filepath.Glob(filepath.Join(folder, "*.jpg"))
	require.NoError(t, err)
	files := map[string][]byte{}
	for _, path := range paths {
		files[filepath.Base(path)], err = os.ReadFile(path)
		require.NoError(t, err)
	}
	return files
}

func BenchmarkDecode(b *testing.B) {
	files := photographs(b)
	for _, name := range sortedNames(files) {
		data := files[name]
		b.Run(name, func(b *testing.B) {
			var d Decoder
			var pix []uint8
			for b.Loop() {
				_, err := d.Start(data, Options{})
				require.NoError(b, err)
				w, h := d.Size()
				pix = grow(pix, 3*w*h)
				_, err = d.Rows(pix)
				require.NoError(b, err)
			}
		})
		b.Run(name+"/image-jpeg", func(b *testing.B) {
			for b.Loop() {
				_, err := stdjpeg.Decode(bytes.NewReader(data))
				require.NoError(b, err)
			}
		})
	}
}
