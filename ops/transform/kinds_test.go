package transform

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
)

// Every kind of file that testdata/gen/image_fixtures.py makes has Pillow's
// pixels, to the bit, and stands upright.
func TestKinds(t *testing.T) {
	var kinds []struct {
		Name string
		Size [2]int
		CRC  uint32
	}
	readJSON(t, "kinds/kinds.json", &kinds)
	require.Equal(t, 232, len(kinds))
	for _, k := range kinds {
		assert.Contains(t, Extensions(), filepath.Ext(k.Name))
		m, err := Load(reftest.Testdata("transform", "kinds", k.Name))
		if assert.NoError(t, err) && assert.Equal(t, k.Size, [2]int{m.Width, m.Height}, k.Name) {
			assert.Equal(t, k.CRC, crc32.ChecksumIEEE(m.Pix), k.Name)
		}
	}
}

// The field's own images have Pillow's pixels, to the bit.
func TestFieldCases(t *testing.T) {
	for _, name := range []string{"anim.webp", "exif6_long.jpg", "nodht.jpg", "samp_221112.jpg", "cmyk_noadobe.jpg"} {
		m, err := Load(reftest.Case(t, "images", name))
		require.NoError(t, err, name)
		want, err := os.ReadFile(reftest.Case(t, "images", name+".ref.npy"))
		require.NoError(t, err)
		require.Contains(t, string(want[:128]), "'shape': ("+strconv.Itoa(m.Height)+", "+strconv.Itoa(m.Width)+", 3)", name)
		assert.True(t, bytes.Equal(want[len(want)-len(m.Pix):], m.Pix), name)
	}
}

// A file that cannot be decoded is named, with what to do about it.
func TestForeignFormats(t *testing.T) {
	brand := func(major, compatible string) string {
		return "\x00\x00\x00\x18ftyp" + major + "\x00\x00\x00\x00" + compatible
	}
	for _, c := range []struct{ says, data string }{
		{"this is AVIF: convert it to PNG or JPEG, or import a decoder", brand("avif", "mif1miaf")},
		{"this is HEIC", brand("heic", "mif1heic")},
		{"this is HEIC", brand("mif1", "heicmif1")},
		{"this is HEIF", brand("mif1", "unkn")},
		{"raw file (Canon CR3): develop it", brand("crx ", "crx isom")},
		{"this is a video (MP4 or QuickTime)", brand("isom", "isomavc1")},
		{`brand "\n\x00x\xff"`, brand("\n\x00x\xff", "????")},
		{"this is JPEG XL", "\xff\x0a\xfa\x7f"},
		{"this is JPEG XL", "\x00\x00\x00\x0cJXL \r\n\x87\n"},
		{"this is JPEG 2000", "\x00\x00\x00\x0cjP  \r\n\x87\n"},
		{"this is JPEG 2000", "\xff\x4f\xff\x51"},
		{"this is Photoshop (PSD): convert it", "8BPS\x00\x01"},
		{"this is SVG: render it", "\ufeff<?xml version='1.0'?>\n<!-- a -->\n<svg>"},
		{"this is SVG", "<SVG>"},
		{"this is PDF: render it", "%PDF-1.4\n"},
		{"this is PostScript", "%!PS-Adobe-3.0 EPSF-3.0"},
		{"a Windows icon (ICO)", "\x00\x00\x01\x00\x02\x00"},
		{"this is Truevision (TGA)", "\x00\x00\x02\x00\x00\x00\x00\x00\x00\x00\x00\x00"},
		{"this is BigTIFF", "II+\x00\x08\x00"},
		{"raw file (Fujifilm RAF)", "FUJIFILMCCD-RAW 0201"},
		{"raw file (Panasonic RW2)", "IIU\x00\x08\x00"},
		{"this is Netpbm", "P6\n2 2\n255\n"},
		{"this is DICOM", string(make([]byte, 128)) + "DICM"},
		{"a video (AVI)", "RIFF\x00\x00\x00\x00AVI LIST"},
		{"run git lfs pull", "version https://git-lfs.github.com/spec/v1\n"},
		{"a web page, perhaps in place of", "\n <!DOCTYPE HTML><html>"},
		{"a web page, perhaps", "<html>"},
		{"nothing but zeros", string(make([]byte, 200))},
		{"a gzip file: unpack it", "\x1f\x8b\x08"},
		{"not a readable JPEG, PNG, WebP, BMP, ", "hello"},
	} {
		_, err := Decode(bytes.NewReader([]byte(c.data)))
		require.ErrorIs(t, err, ErrImage, c.says)
		assert.ErrorContains(t, err, c.says)
		assert.NotContains(t, err.Error(), "\n")
	}
}

// A decoder that the program registers with package image is used.
func TestRegisteredDecoder(t *testing.T) {
	grey := image.NewGray(image.Rect(0, 0, 3, 2))
	grey.Pix[4] = 200
	image.RegisterFormat("qoi", "qoif", func(io.Reader) (image.Image, error) { return grey, nil },
		func(io.Reader) (image.Config, error) {
			return image.Config{ColorModel: color.GrayModel, Width: 3, Height: 2}, nil
		})
	m, err := Decode(bytes.NewReader([]byte("qoif and so on")))
	require.NoError(t, err)
	assert.Equal(t, []int{3, 2, 200}, []int{m.Width, m.Height, int(m.Row(1)[3])})
}

// retagged is a TIFF of ours with other values of tags that it has.
func retagged(t *testing.T, file string, values map[uint16]uint16) []byte {
	data := readBytes(t, filepath.Join("kinds", file))
	at := binary.LittleEndian.Uint32(data[4:])
	for i := range binary.LittleEndian.Uint16(data[at:]) {
		entry := data[at+2+12*uint32(i):][:12]
		if v, ok := values[binary.LittleEndian.Uint16(entry)]; ok {
			binary.LittleEndian.PutUint16(entry[8:], v)
			delete(values, binary.LittleEndian.Uint16(entry))
		}
	}
	require.Empty(t, values, "tags of %s", file)
	return data
}

// The kinds of TIFF that are not decoded are named, too: none is taken for
// another.
func TestKindsNotDecoded(t *testing.T) {
	const compression, photometric, planar = 259, 262, 284
	for says, data := range map[string][]byte{
		"tiff: the colours are CMYK":     retagged(t, "rgb_raw.tif", map[uint16]uint16{photometric: 5}),
		"tiff: the colours are YCbCr":    retagged(t, "rgb_raw.tif", map[uint16]uint16{photometric: 6}),
		"compressed with JPEG, which is": retagged(t, "rgb_raw.tif", map[uint16]uint16{compression: 7}),
		"compressed with Zstandard":      retagged(t, "rgb_raw.tif", map[uint16]uint16{compression: 50000}),
		"compressed with CCITT's run":    retagged(t, "bits_raw.tif", map[uint16]uint16{compression: 2}),
		"the samples have 4 bits":        retagged(t, "white0_little.tif", map[uint16]uint16{258: 4}),
		"each colour has a plane":        retagged(t, "rgb_raw.tif", map[uint16]uint16{planar: 2}),
		"predictor 3":                    retagged(t, "rgb16_little.tif", map[uint16]uint16{317: 3}),
		"does not say which is alpha":    retagged(t, "alpha_little.tif", map[uint16]uint16{338: 0}),
		"grey of 16 bits has white as 0": retagged(t, "grey16_little.tif", map[uint16]uint16{photometric: 0}),
		"a pixel has 3 samples":          retagged(t, "rgb_raw.tif", map[uint16]uint16{photometric: 1}),
	} {
		_, err := Decode(bytes.NewReader(data))
		require.ErrorIs(t, err, ErrImage, says)
		assert.ErrorContains(t, err, says)
		assert.ErrorContains(t, err, "convert it to PNG", says)
	}
}

// Hostile containers cost no more than what they claim and hold.
func TestHostileContainers(t *testing.T) {
	animated := readBytes(t, "kinds/animated_rgb_lossless.webp")
	frame := bytes.Index(animated, []byte("ANMF"))
	require.Positive(t, frame)
	patch := func(at int, b ...byte) []byte {
		data := bytes.Clone(animated)
		copy(data[at:], b)
		return data
	}
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"a frame beside the canvas":   {patch(frame+8, 0xff, 0xff, 0xff), "the first frame covers"},
		"a frame beyond the canvas":   {patch(frame+14, 0xff, 0xff, 0xff), "the first frame covers"},
		"another size in the frame":   {patch(frame+14, 5), "webp"},
		"a frame of 4 GiB":            {patch(frame+4, 0xff, 0xff, 0xff, 0xff)[:frame+30], "there is no picture in the first frame"},
		"a frame without its header":  {patch(frame+4, 3, 0, 0, 0), "the first frame is cut off"},
		"no frame":                    {animated[:frame], "there is no picture in it"},
		"a picture that is cut off":   {animated[:frame+60], "webp"},
		"a canvas of a bomb":          {patch(24, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), "webp"},
		"a canvas of too many pixels": {patch(24, 0xff, 0x7f, 0, 0xff, 0x7f, 0), "more than 178956970 pixels"},
	} {
		before := allocated()
		_, err := Decode(bytes.NewReader(c.data))
		require.ErrorIs(t, err, ErrImage, name)
		assert.ErrorContains(t, err, c.says, name)
		assert.Less(t, allocated()-before, uint64(1<<20), name)
	}
}

func allocated() uint64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.TotalAlloc
}
