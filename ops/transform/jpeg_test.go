package transform

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"image"
	stdjpeg "image/jpeg"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
)

// encoded is a JPEG of noise under an orientation.
func encoded(t testing.TB, width, height, orientation int) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, stdjpeg.Encode(&b, noise(width, height), &stdjpeg.Options{Quality: 70}))
	tiff := []byte("MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00")
	tiff[19] = uint8(orientation)
	exif := append([]byte("Exif\x00\x00"), tiff...)
	head := binary.BigEndian.AppendUint16([]byte{0xff, 0xd8, 0xff, 0xe1}, uint16(2+len(exif)))
	return append(append(head, exif...), b.Bytes()[2:]...)
}

// From the file the fused way gives what decoding and the steps one by one give,
// to the bit.
func requireFused(t *testing.T, tf Classification, data []byte, name string) {
	t.Helper()
	f, err := NewFused(tf)
	require.NoError(t, err, name)
	m, err := DecodeBytes(data)
	require.NoError(t, err, name)
	want, err := tf.Apply(m.RGB)
	require.NoError(t, err, name)
	for range 2 { // with new memory, then with used
		got, err := f.ApplyFile(data)
		require.NoError(t, err, name)
		require.Equal(t, want.Shape(), got.Shape(), name)
		require.Equal(t, want.Data(), got.Data(), name)
	}
}

func TestFusedFiles(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		w, h, orientation := 1+rng.IntN(120), 1+rng.IntN(120), 1+rng.IntN(8)
		tf := ImageNet()
		tf.Resize, tf.Crop = rng.IntN(60), rng.IntN(60)
		tf.Interpolation = []Interpolation{Bilinear, Bicubic, Nearest}[rng.IntN(3)]
		requireFused(t, tf, encoded(t, w, h, orientation), fmt.Sprint(w, h, orientation, tf.Resize, tf.Crop, tf.Interpolation))
	}
	for _, pattern := range []string{"*.jpg", "kinds/*"} {
		files, err := filepath.Glob(reftest.Testdata("transform", pattern))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for i, path := range files {
			if filepath.Ext(path) != ".jpg" && i%20 > 0 {
				continue
			}
			data, err := os.ReadFile(path)
			require.NoError(t, err)
			requireFused(t, Classification{Resize: 20, Crop: 13}, data, path)
		}
	}
}

func TestFusedPhotographs(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(reftest.Shared(t, "images"), "*.*g"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, path := range files {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		requireFused(t, ImageNet(), data, path)
		if testing.Short() {
			continue
		}
		requireFused(t, Classification{Resize: 520}, data, path)
	}
}

// What decoding refuses the fused way refuses, below the crop too.
func TestFusedRefuses(t *testing.T) {
	f, err := NewFused(Classification{Crop: 8})
	require.NoError(t, err)
	data := encoded(t, 64, 64, 1)
	for name, bad := range map[string][]byte{
		"nothing": nil, "text": []byte("no image"), "a header": data[:200], "cut below the crop": data[:len(data)-40], "no end": data[:len(data)-2],
	} {
		_, want := DecodeBytes(bad)
		require.ErrorIs(t, want, ErrImage, name)
		_, err := f.ApplyFile(bad)
		require.ErrorIs(t, err, ErrImage, name)
		assert.Equal(t, want.Error(), err.Error(), name)
	}
}

// Repeated, a picture takes no more memory than its result.
func TestFusedAllocations(t *testing.T) {
	if reftest.Race {
		t.Skip("the race detector empties pools")
	}
	f, err := NewFused(Classification{Resize: 40, Crop: 32})
	require.NoError(t, err)
	for _, orientation := range []int{1, 6} {
		data := encoded(t, 100, 80, orientation)
		result := testing.AllocsPerRun(20, func() { _, _ = f.Apply(bytesOfSize) })
		got := testing.AllocsPerRun(20, func() {
			if _, err := f.ApplyFile(data); err != nil {
				panic(err)
			}
		})
		assert.LessOrEqual(t, got, result, "orientation %d", orientation)
	}
}

var bytesOfSize = Bytes{Pix: make([]uint8, 3*100*80), Width: 100, Height: 80, Stride: 300}

// A file that ends early is an error, or on demand as much as there is, whatever
// its orientation.
func TestPartial(t *testing.T) {
	for orientation := 1; orientation <= 8; orientation++ {
		data := encoded(t, 96, 64, orientation)
		all, err := DecodeBytes(data, WithPartial())
		require.NoError(t, err)
		require.NoError(t, all.Damage)
		require.Equal(t, all.Bounds(), all.Real)
		cut := data[:len(data)*2/3]
		_, err = DecodeBytes(cut)
		require.ErrorIs(t, err, ErrImage)
		part, err := DecodeBytes(cut, WithPartial())
		require.NoError(t, err)
		require.Error(t, part.Damage)
		require.Equal(t, all.Bounds(), part.Bounds())
		real := part.Real
		assert.Less(t, real.Dx()*real.Dy(), 96*64*3/4)
		assert.Greater(t, real.Dx()*real.Dy(), 96*64/3)
		for y := range all.Height {
			for x := range all.Width {
				if image.Pt(x, y).In(real) {
					require.Equal(t, all.At(x, y), part.At(x, y), "orientation %d: %d, %d", orientation, x, y)
				}
			}
		}
	}
	_, err := DecodeBytes(encoded(t, 96, 64, 1)[:100], WithPartial())
	assert.ErrorIs(t, err, ErrImage, "no header")
}

func TestScale(t *testing.T) {
	data := encoded(t, 45, 30, 6)
	for _, divisor := range []int{1, 2, 4, 8} {
		m, err := DecodeBytes(data, WithScale(divisor))
		require.NoError(t, err)
		assert.Equal(t, divisor, m.Scale)
		assert.Equal(t, image.Rect(0, 0, (30+divisor-1)/divisor, (45+divisor-1)/divisor), m.Bounds())
	}
	for _, divisor := range []int{-1, 0, 3, 16} {
		_, err := DecodeBytes(data, WithScale(divisor))
		assert.ErrorIs(t, err, ErrImage)
	}
	png, err := LoadWith(reftest.Testdata("images", "chelsea.png"), WithScale(8))
	require.NoError(t, err)
	assert.Equal(t, []any{1, 451, "png"}, []any{png.Scale, png.Width, png.Format})
}

func TestMemory(t *testing.T) {
	for orientation := 1; orientation <= 8; orientation += 5 {
		data := encoded(t, 20, 10, orientation)
		want, err := DecodeBytes(data)
		require.NoError(t, err)
		memory := bytes.Repeat([]uint8{99}, 1000)
		got, err := DecodeBytes(data, WithMemory(func(size int) []uint8 { assert.Equal(t, 600, size); return memory }))
		require.NoError(t, err)
		assert.Equal(t, want.Pix, got.Pix)
		assert.Same(t, &memory[0], &got.Pix[0])
		_, err = DecodeBytes(data, WithMemory(func(int) []uint8 { return memory[:599] }))
		assert.ErrorIs(t, err, ErrImage)
	}
}

// A size is refused before memory is taken for it.
func TestLargeJPEG(t *testing.T) {
	data := encoded(t, 16, 16, 1)
	at := bytes.Index(data, []byte{0xff, 0xc0})
	require.Positive(t, at)
	binary.BigEndian.PutUint16(data[at+5:], 65000)
	binary.BigEndian.PutUint16(data[at+7:], 65000)
	f, err := NewFused(ImageNet())
	require.NoError(t, err)
	before := allocated()
	_, err = DecodeBytes(data)
	require.ErrorIs(t, err, ErrImage)
	assert.ErrorContains(t, err, "more than 178956970 pixels")
	_, err = f.ApplyFile(data)
	require.ErrorIs(t, err, ErrImage)
	assert.Less(t, allocated()-before, uint64(4<<20))
}

func BenchmarkApplyFile(b *testing.B) {
	f, err := NewFused(ImageNet())
	require.NoError(b, err)
	data := encoded(b, 640, 427, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := f.ApplyFile(data); err != nil {
			b.Fatal(err)
		}
	}
}
