package imagefile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
)

// exif is EXIF data with one entry.
func exif(order binary.AppendByteOrder, tag, kind uint16, count uint32, value ...byte) []byte {
	mark := "II*\x00"
	if order.String() == "BigEndian" {
		mark = "MM\x00*"
	}
	b := order.AppendUint32([]byte(mark), 8)
	b = order.AppendUint16(order.AppendUint16(order.AppendUint16(b, 1), tag), kind)
	return append(order.AppendUint32(b, count), append(value, make([]byte, 8)...)...)
}

func segment(marker byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	return append(binary.BigEndian.AppendUint16([]byte{0xff, marker}, uint16(2+len(body))), body...)
}

func chunk(kind string, parts ...string) []byte {
	body := []byte{}
	for _, p := range parts {
		body = append(body, p...)
	}
	b := append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), kind...)
	return append(append(b, body...), 0, 0, 0, 0)
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

func deflated(data []byte) string {
	var b bytes.Buffer
	z := zlib.NewWriter(&b)
	_, _ = z.Write(data)
	_ = z.Close()
	return b.String()
}

// Each place of an orientation, and what hides one; the kinds of files that
// Pillow reads are in testdata/transform/kinds.
func TestOrientation(t *testing.T) {
	le, be := binary.LittleEndian, binary.BigEndian
	six := exif(le, 274, 3, 1, 6, 0)
	soi, png := []byte{0xff, 0xd8}, []byte("\x89PNG\r\n\x1a\n")
	xmp := []byte(`tiff:Orientation="3"`)
	digits := "\nexif\n  42\n49492a0008000000 0100\n120103000100000006000000\n"
	for name, c := range map[string]struct {
		format string
		data   []byte
		want   int
	}{
		"jpeg":                         {"jpeg", join(soi, segment(0xe1, exifHeader, six)), 6},
		"after filling bytes":          {"jpeg", join(soi, []byte{0xff, 0xff, 0xff}, segment(0xe1, exifHeader, six)[1:]), 6},
		"after bytes of no segment":    {"jpeg", join(soi, []byte{1, 2, 3}, segment(0xe1, exifHeader, six)), 6},
		"after a restart marker":       {"jpeg", join(soi, []byte{0xff, 0xd0}, segment(0xe1, exifHeader, six)), 6},
		"another APP1 before":          {"jpeg", join(soi, segment(0xe1, []byte("something")), segment(0xe1, exifHeader, six)), 6},
		"after the picture begins":     {"jpeg", join(soi, segment(0xda, []byte{1}), segment(0xe1, exifHeader, six)), 1},
		"a segment that is cut off":    {"jpeg", join(soi, segment(0xe1, exifHeader, six)[:30]), 1},
		"in two segments":              {"jpeg", join(soi, segment(0xe1, exifHeader, six[:20]), segment(0xe1, exifHeader, six[20:])), 6},
		"EXIF goes before XMP":         {"jpeg", join(soi, segment(0xe1, xmpHeader, xmp), segment(0xe1, exifHeader, six)), 6},
		"XMP where EXIF has none":      {"jpeg", join(soi, segment(0xe1, xmpHeader, xmp), segment(0xe1, exifHeader, exif(le, 271, 3, 1, 6, 0))), 3},
		"EXIF that is broken":          {"jpeg", join(soi, segment(0xe1, exifHeader, []byte("XX*\x00\x08\x00\x00\x00"))), 1},
		"a directory outside":          {"jpeg", join(soi, segment(0xe1, exifHeader, []byte("II*\x00\xff\xff\xff\xff\x01\x00"))), 1},
		"more entries than there are":  {"jpeg", join(soi, segment(0xe1, exifHeader, patched(six, 8, 0xff, 0xff))), 6},
		"an entry that is cut off":     {"jpeg", join(soi, segment(0xe1, exifHeader, six[:20])), 1},
		"a text":                       {"jpeg", join(soi, segment(0xe1, exifHeader, exif(le, 274, 2, 2, '6', 0)), segment(0xe1, xmpHeader, xmp)), 1},
		"an unknown type":              {"jpeg", join(soi, segment(0xe1, exifHeader, exif(le, 274, 14, 1, 6, 0))), 1},
		"a count of 4 billions":        {"jpeg", join(soi, segment(0xe1, exifHeader, exif(le, 274, 3, 0xffffffff, 6, 0))), 1},
		"a fraction":                   {"jpeg", join(soi, segment(0xe1, exifHeader, exif(le, 274, 5, 1, 22, 0, 0, 0, 13, 0, 0, 0, 2, 0, 0, 0))), 1},
		"a whole fraction":             {"jpeg", join(soi, segment(0xe1, exifHeader, exif(le, 274, 5, 1, 22, 0, 0, 0, 12, 0, 0, 0, 2, 0, 0, 0))), 6},
		"divided by zero":              {"jpeg", join(soi, segment(0xe1, exifHeader, exif(le, 274, 5, 1, 22, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0))), 1},
		"negative":                     {"jpeg", join(soi, segment(0xe1, exifHeader, exif(be, 274, 9, 1, 0xff, 0xff, 0xff, 0xfa))), 1},
		"too large":                    {"jpeg", join(soi, segment(0xe1, exifHeader, exif(be, 274, 4, 1, 0xff, 0xff, 0xff, 6))), 1},
		"eXIf":                         {"png", join(png, chunk("eXIf", string(six))), 6},
		"tEXt":                         {"png", join(png, chunk("tEXt", keyRawEXIF, "\x00", digits)), 6},
		"a profile with other letters": {"png", join(png, chunk("tEXt", keyRawEXIF, "\x00", digits, "zz00")), 6},
		"a profile without digits":     {"png", join(png, chunk("tEXt", keyRawEXIF, "\x00", "\nexif\n")), 1},
		"an unknown compression":       {"png", join(png, chunk("zTXt", keyRawEXIF, "\x00\x01", deflated([]byte(digits)))), 1},
		"zTXt of nothing":              {"png", join(png, chunk("zTXt", keyRawEXIF)), 1},
		"zTXt that is no zlib":         {"png", join(png, chunk("zTXt", keyRawEXIF, "\x00\x00", "oops")), 1},
		"iTXt that is cut off":         {"png", join(png, chunk("iTXt", keyRawEXIF, "\x00\x00\x00en\x00")), 1},
		"a chunk beyond the file":      {"png", join(png, chunk("eXIf", string(six))[:20]), 1},
		"after the end":                {"png", join(png, chunk("IEND"), chunk("eXIf", string(six))), 1},
		"of an animation's 2nd frame":  {"png", join(png, chunk("fcTL"), chunk("IDAT"), chunk("fcTL"), chunk("eXIf", string(six))), 1},
		"tiff":                         {"tiff", six, 6},
		"gif":                          {"gif", join(soi, segment(0xe1, exifHeader, six)), 1},
		"nothing":                      {"jpeg", nil, 1},
	} {
		assert.Equal(t, c.want, Orientation(c.data, c.format), name)
	}
}

func patched(data []byte, at int, b ...byte) []byte {
	data = bytes.Clone(data)
	copy(data[at:], b)
	return data
}

// A text that inflates to much more costs the bound on it, however many there
// are.
func TestTextBomb(t *testing.T) {
	bomb := deflated(make([]byte, 8<<20))
	data := []byte("\x89PNG\r\n\x1a\n")
	for range 20 {
		data = append(data, chunk("zTXt", keyRawEXIF, "\x00\x00", bomb)...)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	assert.Equal(t, 1, Orientation(data, "png"))
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(6<<20))

	// So do digits with a space between any two.
	spread := strings.Repeat("0 ", 4<<20)
	data = join(data[:8], chunk("tEXt", keyRawEXIF, "\x00\n\n\n", spread))
	runtime.ReadMemStats(&before)
	assert.Equal(t, 1, Orientation(data, "png"))
	runtime.ReadMemStats(&after)
	assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(2<<20))
}

// What a file says of itself is never more than it holds.
func FuzzFile(f *testing.F) {
	for _, pattern := range []string{"*.*g*", "kinds/*"} {
		files, err := filepath.Glob(reftest.Testdata("transform", pattern))
		require.NoError(f, err)
		for _, file := range files {
			data, err := os.ReadFile(file)
			require.NoError(f, err)
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, format := range []string{"jpeg", "png", "webp", "tiff"} {
			value := Orientation(data, format)
			require.True(t, value >= 1 && value <= 8)
		}
		if frame, err := WebPFrame(data); err == nil {
			require.LessOrEqual(t, len(frame.File), len(data)+64)
		}
		opaque, transparent := OpaqueGIF(data)
		require.Len(t, opaque, len(data))
		require.True(t, transparent >= -1 && transparent <= 255)
		foreign, ok := Sniff(data)
		require.Equal(t, ok, foreign.Name != "" && foreign.Do != "")
		_, _ = CheckTIFF(data), InvertedFax(data)
	})
}
