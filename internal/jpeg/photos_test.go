package jpeg

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"encoding/json"
	"image"
	stdjpeg "image/jpeg"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
)

// photographs are the JPEGs of the shared data, by name.
func photographs(t testing.TB) map[string][]byte {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(reftest.Shared(t, "images"), "*.jpg"))
	require.NoError(t, err)
	files := map[string][]byte{}
	for _, path := range paths {
		files[filepath.Base(path)], err = os.ReadFile(path)
		require.NoError(t, err)
	}
	return files
}

// The pixels of the photographs are Pillow's, at every scale.
func TestPhotographs(t *testing.T) {
	files := photographs(t)
	text, err := os.ReadFile(reftest.Testdata("jpeg", "photographs.json"))
	require.NoError(t, err)
	var want map[string][4]string
	require.NoError(t, json.Unmarshal(text, &want))
	require.NotEmpty(t, want)
	var d Decoder
	for name, hashes := range want {
		for i, hash := range hashes {
			pix, w, h, err := decode(&d, files[name], Options{Scale: 1 << i})
			require.NoError(t, err, name)
			require.NoError(t, d.Damage(), name)
			assert.Equal(t, hash, pixelHash(pix, w, h), "%s at 1/%d", name, 1<<i)
		}
	}
}

// npyBytes is the data of an array of bytes.
func npyBytes(t testing.TB, path string) []uint8 {
	t.Helper()
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	return file[10+binary.LittleEndian.Uint16(file[8:]):]
}

// Kinds that people meet in the field.
func TestCases(t *testing.T) {
	var d Decoder
	for _, name := range []string{"nodht.jpg", "samp_221112.jpg", "cmyk_noadobe.jpg"} {
		data, err := os.ReadFile(reftest.Case(t, "images", name))
		require.NoError(t, err)
		pix, _, _, err := decode(&d, data, Options{})
		require.NoError(t, err, name)
		require.NoError(t, d.Damage(), name)
		assert.True(t, bytes.Equal(npyBytes(t, reftest.Case(t, "images", name+".ref.npy")), pix), name)
	}
}

// 200 pictures of 32x32 have libjpeg's pixels.
func TestCIFAR(t *testing.T) {
	want := npyBytes(t, reftest.Shared(t, "cifar10", "sample200_pixels_u8_nhwc.npy"))
	list, err := os.ReadFile(reftest.Shared(t, "cifar10", "sample200_names.txt"))
	require.NoError(t, err)
	place := map[string]int{}
	for i, name := range strings.Fields(string(list)) {
		place[name] = i
	}
	archive, err := os.Open(reftest.Shared(t, "cifar10", "test.tar.gz"))
	require.NoError(t, err)
	defer func() { _ = archive.Close() }()
	unzipped, err := gzip.NewReader(archive)
	require.NoError(t, err)
	var d Decoder
	found := 0
	for r := tar.NewReader(unzipped); ; {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		i, ok := place[strings.TrimPrefix(strings.TrimPrefix(h.Name, "./"), "test/")]
		if !ok {
			continue
		}
		found++
		data, err := io.ReadAll(r)
		require.NoError(t, err)
		pix, _, _, err := decode(&d, data, Options{})
		require.NoError(t, err, h.Name)
		require.True(t, bytes.Equal(want[3*32*32*i:3*32*32*(i+1)], pix), h.Name)
	}
	assert.Equal(t, len(place), found)
}

// Another opinion: image/jpeg has another inverse DCT, and leaves colours at
// half the size, but grey is grey.
func TestImageJPEG(t *testing.T) {
	var d Decoder
	files := fixtures(t)
	compared := 0
	for _, name := range sortedNames(files) {
		if strings.HasPrefix(name, "damaged/") || strings.HasPrefix(name, "incomplete/") {
			continue
		}
		other, err := stdjpeg.Decode(bytes.NewReader(files[name]))
		if err != nil {
			continue
		}
		pix, w, h, err := decode(&d, files[name], Options{})
		require.NoError(t, err, name)
		require.Equal(t, image.Rect(0, 0, w, h), other.Bounds(), name)
		grey, ok := other.(*image.Gray)
		if !ok {
			continue
		}
		compared++
		for y := range h {
			for x := range w {
				require.InDelta(t, grey.GrayAt(x, y).Y, pix[3*(y*w+x)], 2, "%s at %d, %d", name, x, y)
			}
		}
	}
	assert.Greater(t, compared, 5)
}

func BenchmarkDecode(b *testing.B) {
	files := photographs(b)
	for _, name := range sortedNames(files) {
		b.Run(name, func(b *testing.B) { benchmark(b, files[name], Options{}) })
	}
	data := files["china.jpg"]
	b.Run("window", func(b *testing.B) { benchmark(b, data, Options{Window: image.Rect(133, 27, 507, 400)}) })
	for _, scale := range []int{2, 4, 8} {
		b.Run(string(rune('0'+scale)), func(b *testing.B) { benchmark(b, data, Options{Scale: scale}) })
	}
	b.Run("image-jpeg", func(b *testing.B) {
		for b.Loop() {
			_, err := stdjpeg.Decode(bytes.NewReader(data))
			require.NoError(b, err)
		}
	})
}

func benchmark(b *testing.B, data []byte, o Options) {
	b.ReportAllocs()
	var d Decoder
	var pix []uint8
	for b.Loop() {
		_, err := d.Start(data, o)
		require.NoError(b, err)
		w, h := d.Size()
		pix = grow(pix, 3*w*h)
		_, err = d.Rows(pix)
		require.NoError(b, err)
	}
}
