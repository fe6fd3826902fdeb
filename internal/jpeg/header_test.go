package jpeg

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestReadHeader(t *testing.T) {
	files := fixtures(t)
	for name, want := range map[string]ColourSpace{
		"kind/45x37-grey":              Grey,
		"kind/45x37-rgb":               RGB,
		"kind/progressive-2x2":         YCbCr,
		"colour/jfif-adobe0":           YCbCr,
		"colour/adobe0":                RGB,
		"colour/adobe2":                YCbCr,
		"colour/rgb-ids":               RGB,
		"colour/odd-ids":               YCbCr,
		"planes4/45x37-cmyk":           CMYK,
		"planes4/45x37-ycck":           YCCK,
		"planes4/45x37-no-adobe":       CMYK,
		"planes4/1x1-cmyk-progressive": CMYK,
	} {
		h, err := ReadHeader(files[name])
		require.NoError(t, err, name)
		assert.Equal(t, want, h.Colour, "%s: %v", name, h.Colour)
	}
	h, err := ReadHeader(files["kind/5x3-progressive-4x2_1x1_1x1"])
	require.NoError(t, err)
	assert.Equal(t, Header{Width: 5, Height: 3, Colour: YCbCr, Progressive: true, Planes: 3, Plane: [4]Plane{{1, 4, 2}, {2, 1, 1}, {3, 1, 1}}}, h)
}

func TestExif(t *testing.T) {
	h, err := ReadHeader(fixtures(t)["bytes/exif"])
	require.NoError(t, err)
	assert.Equal(t, "MM\x00\x2a", string(h.Exif[:4]))
	assert.Len(t, h.Exif, 26)
}

// Bytes before the picture are passed over, those after it never read.
func TestBytesBefore(t *testing.T) {
	data := fixtures(t)["bytes/after"]
	var d Decoder
	want, _, _, err := decode(&d, data, Options{})
	require.NoError(t, err)
	got, _, _, err := decode(&d, append([]byte("\r\n--frame\xff\xd8\r\n\r\n"), data...), Options{})
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

// The tables of a file serve no other.
func TestTablesDoNotStay(t *testing.T) {
	files := fixtures(t)
	var fresh, used Decoder
	_, _, _, err := decode(&used, files["quality/98-optimize-1x2"], Options{})
	require.NoError(t, err)
	want, _, _, err := decode(&fresh, files["bytes/no-tables"], Options{})
	require.NoError(t, err)
	got, _, _, err := decode(&used, files["bytes/no-tables"], Options{})
	require.NoError(t, err)
	assert.Equal(t, want, got)
	_, _, _, err = decode(&used, files["damaged/no-quantisation"], Options{})
	assert.ErrorIs(t, err, ErrFormat)
}
