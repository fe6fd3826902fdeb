package transform

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
)

func TestNormalise(t *testing.T) {
	img, err := NewRGB(2, 1)
	require.NoError(t, err)
	copy(img.Pix, []uint8{0, 128, 255, 10, 20, 30})
	x, err := normaliseOnly().Apply(img)
	require.NoError(t, err)
	assert.Equal(t, []int{1, 3, 1, 2}, x.Shape())
	for i, v := range []float64{0, 10, 128, 20, 255, 30} {
		c := i / 2
		want := (v/255 - float64(ImageNet().Mean[c])) / float64(ImageNet().Std[c])
		assert.InDelta(t, want, x.Data()[i], 1e-6)
	}
}

// normaliseOnly normalises and does not resize.
func normaliseOnly() Classification {
	c := ImageNet()
	c.Resize, c.Crop = 0, 0
	return c
}

func TestBatch(t *testing.T) {
	a, b := source(t, "a", 30, 20), source(t, "b", 25, 40)
	tf := Classification{Resize: 16, Crop: 12}
	both, err := tf.ApplyBatch(a, b)
	require.NoError(t, err)
	alone, err := tf.Apply(b)
	require.NoError(t, err)
	second, err := both.Rows(1, 2)
	require.NoError(t, err)
	assert.Equal(t, alone.Data(), second.Data())

	tf.Crop = 0
	_, err = tf.ApplyBatch(a, b)
	require.ErrorIs(t, err, ErrImage)
	assert.ErrorContains(t, err, "set Crop")
	_, err = tf.ApplyBatch()
	assert.ErrorIs(t, err, ErrImage)
}

func TestLetterbox(t *testing.T) {
	img := source(t, "a", 40, 20)
	for _, topLeft := range []bool{false, true} {
		m, p, err := Letterbox(img, 30, 30, LetterboxOptions{Fill: [3]uint8{1, 2, 3}, TopLeft: topLeft})
		require.NoError(t, err)
		assert.Equal(t, image.Rect(0, 0, 30, 30), m.Bounds())
		assert.Equal(t, []uint8{1, 2, 3}, m.Row(29)[87:90])
		y := 7.0
		if topLeft {
			y = 0
		}
		assert.Equal(t, Placement{ScaleX: 0.75, ScaleY: 0.75, Y: y}, p)
		ix, iy := p.ToInput(12, 8)
		bx, by := p.ToImage(ix, iy)
		assert.InDelta(t, 12, bx, 1e-9)
		assert.InDelta(t, 8, by, 1e-9)
		inner, err := Resize(img, 30, 15, "")
		require.NoError(t, err)
		assert.Equal(t, inner.Row(3), m.Row(int(y)+3))
	}
}

func TestPadToDivisor(t *testing.T) {
	img := source(t, "a", 33, 32)
	m, _, err := PadToDivisor(img, 32, [3]uint8{9, 9, 9})
	require.NoError(t, err)
	assert.Equal(t, image.Rect(0, 0, 64, 32), m.Bounds())
	assert.Equal(t, img.Row(5), m.Row(5)[:99])
	assert.Equal(t, uint8(9), m.Row(5)[99])
	_, _, err = PadToDivisor(img, 0, [3]uint8{})
	assert.ErrorIs(t, err, ErrImage)
}

// Whatever the type of an image, its pixels are the same.
func TestImageTypes(t *testing.T) {
	want := source(t, "types", 7, 5)
	grey := image.NewGray(want.Bounds())
	types := map[string]interface {
		image.Image
		Set(x, y int, c color.Color)
	}{"NRGBA": image.NewNRGBA(want.Bounds()), "RGBA": image.NewRGBA(want.Bounds()), "NRGBA64": image.NewNRGBA64(want.Bounds()), "RGBA64": image.NewRGBA64(want.Bounds())}
	for name, m := range types {
		for y := range 5 {
			for x := range 7 {
				m.Set(x, y, want.At(x, y))
				grey.SetGray(x, y, color.Gray{want.Row(y)[3*x]})
			}
		}
		got, err := ToRGB(m)
		require.NoError(t, err)
		assert.Equal(t, want.Pix, got.Pix, name)
	}
	sub, err := ToRGB(types["NRGBA"].(*image.NRGBA).SubImage(image.Rect(2, 1, 6, 4)))
	require.NoError(t, err)
	assert.Equal(t, want.Row(1)[6:18], sub.Row(0))
	g, err := ToRGB(grey)
	require.NoError(t, err)
	assert.Equal(t, g.Pix[0], g.Pix[2])
	assert.Equal(t, color.RGBA{A: 255}, want.At(-1, 9))
}

func TestBadImages(t *testing.T) {
	img := source(t, "a", 8, 6)
	for name, f := range map[string]func() error{
		"nil":             func() error { _, err := ToRGB(nil); return err },
		"no pixels":       func() error { _, err := ToRGB(image.NewRGBA(image.Rect(0, 0, 0, 5))); return err },
		"to nothing":      func() error { _, err := Resize(img, 0, 5, ""); return err },
		"absurd":          func() error { _, err := Resize(img, 1<<20, 1<<20, ""); return err },
		"overflow":        func() error { _, err := Resize(img, math.MaxInt, math.MaxInt, ""); return err },
		"filter":          func() error { _, err := Resize(img, 5, 5, "lanczos9"); return err },
		"shorter":         func() error { _, err := ResizeShorter(img, -1, ""); return err },
		"shorter, absurd": func() error { _, err := ResizeShorter(img, math.MaxInt, ""); return err },
		"crop":            func() error { _, err := CenterCrop(img, 0, 3); return err },
		"letterbox":       func() error { _, _, err := Letterbox(img, -5, 3, LetterboxOptions{}); return err },
		"preset":          func() error { _, err := ImageNet().Apply(nil); return err },
		"a long strip": func() error {
			strip, err := NewRGB(100000, 1)
			require.NoError(t, err)
			_, err = ResizeShorter(strip, 2000, "")
			return err
		},
	} {
		assert.ErrorIs(t, f(), ErrImage, name)
	}
}

// header is a PNG that claims a size and ends there.
func header(w, h uint32) []byte {
	b := []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\x0d")
	chunk := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32([]byte("IHDR"), w), h)
	chunk = append(chunk, 8, 2, 0, 0, 0)
	return binary.BigEndian.AppendUint32(append(b, chunk...), crc32.ChecksumIEEE(chunk))
}

func TestDecodeErrors(t *testing.T) {
	whole, err := os.ReadFile(reftest.Testdata("transform", "420.jpg"))
	require.NoError(t, err)
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"empty":     {nil, "no data"},
		"text":      {[]byte("not an image at all"), "not a readable JPEG, PNG, WebP, BMP, GIF or TIFF"},
		"cut off":   {whole[:len(whole)/2], "jpeg"},
		"a bomb":    {header(14000, 14000), "more than 178956970 pixels"},
		"no pixels": {header(0, 5), "not a readable"},
		"only head": {header(10, 10), "png of 10x10"},
	} {
		_, err := Decode(bytes.NewReader(c.data))
		require.ErrorIs(t, err, ErrImage, name)
		assert.ErrorContains(t, err, c.says, name)
	}
	_, err = Load(t.TempDir())
	require.ErrorIs(t, err, ErrImage)
	assert.ErrorContains(t, err, "is a folder")
	_, err = Load(filepath.Join(t.TempDir(), "nowhere.jpg"))
	require.ErrorIs(t, err, ErrImage)
	assert.ErrorContains(t, err, "nowhere.jpg")
}

// Damaged EXIF data leave an image as it is.
func TestBrokenEXIF(t *testing.T) {
	data, err := os.ReadFile(reftest.Testdata("transform", "exif_6.jpg"))
	require.NoError(t, err)
	upright, err := Decode(bytes.NewReader(data))
	require.NoError(t, err)
	assert.Equal(t, 12, upright.Width, "turned")
	at := bytes.Index(data, []byte("Exif\x00\x00"))
	require.Positive(t, at)
	copy(data[at+6:], "XXXXXXXX")
	stored, err := Decode(bytes.NewReader(data))
	require.NoError(t, err)
	assert.Equal(t, 16, stored.Width)
}

func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob(reftest.Testdata("transform", "*.*g*"))
	require.NoError(f, err)
	kinds, err := filepath.Glob(reftest.Testdata("transform", "kinds", "*"))
	require.NoError(f, err)
	for _, file := range append(files, kinds...) {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		o := decodeOptions{maxPixels: 1 << 16, scale: 1}
		if part, err := decode(data, decodeOptions{maxPixels: o.maxPixels, scale: 2, partial: true}); err == nil {
			require.True(t, part.Real.In(part.Bounds()))
		}
		m, err := decode(data, o)
		if err != nil {
			require.ErrorIs(t, err, ErrImage)
			return
		}
		require.Len(t, m.Pix, 3*m.Width*m.Height)
		f, err := NewFused(Classification{Resize: 9, Crop: 7})
		require.NoError(t, err)
		x, err := f.ApplyFile(data)
		require.NoError(t, err)
		want, err := f.c.Apply(m.RGB)
		require.NoError(t, err)
		require.Equal(t, want.Data(), x.Data())
	})
}

// Resizing agrees with a naive float64 convolution to one level.
func FuzzResize(f *testing.F) {
	f.Add(uint8(7), uint8(5), uint8(3), uint8(9), uint64(1))
	f.Add(uint8(64), uint8(1), uint8(1), uint8(64), uint64(2))
	f.Fuzz(func(t *testing.T, w, h, ow, oh uint8, seed uint64) {
		from := [2]int{1 + int(w%64), 1 + int(h%64)}
		to := [2]int{1 + int(ow%64), 1 + int(oh%64)}
		img := source(t, string(rune(seed%1000+32)), from[0], from[1])
		got, err := Resize(img, to[0], to[1], Bilinear)
		require.NoError(t, err)
		want := naiveRows(naiveColumns(img, to[1]), to[0])
		for i, v := range got.Pix {
			require.InDelta(t, want[i], float64(v), 1.51)
		}
	})
}

// triangle averages n samples around an output with the widened tent.
func triangle(o, in, out int, at func(i int) float64) float64 {
	scale := float64(in) / float64(out)
	widen := math.Max(1, scale)
	center, sum, weights := (float64(o)+0.5)*scale, 0.0, 0.0
	for i := range in {
		w := math.Max(0, 1-math.Abs((float64(i)+0.5-center)/widen))
		sum += w * at(i)
		weights += w
	}
	return sum / weights
}

type plane struct {
	w, h int
	v    []float64
}

func naiveColumns(m *RGB, h int) plane {
	p := plane{m.Width, h, make([]float64, 3*m.Width*h)}
	for y := range h {
		for i := range 3 * m.Width {
			p.v[y*3*m.Width+i] = triangle(y, m.Height, h, func(k int) float64 { return float64(m.Row(k)[i]) })
		}
	}
	return p
}

func naiveRows(p plane, w int) []float64 {
	out := make([]float64, 3*w*p.h)
	for y := range p.h {
		for x := range w {
			for c := range 3 {
				out[(y*w+x)*3+c] = triangle(x, p.w, w, func(k int) float64 { return p.v[(y*p.w+k)*3+c] })
			}
		}
	}
	return out
}

func BenchmarkClassification(b *testing.B) {
	img, err := NewRGB(768, 576)
	require.NoError(b, err)
	for b.Loop() {
		_, err := ImageNet().Apply(img)
		require.NoError(b, err)
	}
}

func BenchmarkDecodePNG(b *testing.B) {
	data, err := os.ReadFile(reftest.Testdata("images", "chelsea.png"))
	require.NoError(b, err)
	_, err = png.DecodeConfig(bytes.NewReader(data))
	require.NoError(b, err)
	for b.Loop() {
		_, err := Decode(bytes.NewReader(data))
		require.NoError(b, err)
	}
}
