package jpeg

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A file that ends early is an error. With Partial, the rows before that are
// the picture's, and their number is known.
func TestTruncated(t *testing.T) {
	files := fixtures(t)
	var d Decoder
	for _, name := range []string{
		"kind/noise-50-2x2", "kind/restart1-2x2", "kind/restart-row-1x1",
		"kind/planes-1x2", "kind/45x37-grey", "kind/noise-50-1x1-progressive",
	} {
		data := files[name]
		whole, width, height, err := decode(&d, data, Options{})
		require.NoError(t, err)
		require.NoError(t, d.Damage(), name)
		require.Equal(t, height, d.RealRows(), name)
		start := bytes.Index(data, []byte{0xFF, sos})
		real, step := 0, 7
		if testing.Short() {
			step = 41
		}
		for size := start + 40; size < len(data)-2; size += step {
			_, _, _, err := decode(&d, data[:size], Options{})
			require.ErrorIs(t, err, ErrTruncated, "%s, %d of %d bytes", name, size, len(data))
			got, _, _, err := decode(&d, data[:size], Options{Partial: true})
			require.NoError(t, err, "%s, %d of %d bytes", name, size, len(data))
			rows := d.RealRows()
			require.GreaterOrEqual(t, rows, real, "%s: more bytes, fewer rows", name)
			require.LessOrEqual(t, rows, height)
			require.ErrorIs(t, d.Damage(), ErrFormat)
			if real = rows; d.header.Progressive || d.several {
				continue
			}
			require.Equal(t, whole[:3*width*rows], got[:3*width*rows], "%s, %d of %d bytes", name, size, len(data))
		}
		assert.Positive(t, real, name)
	}
}

// What libjpeg only warns of is decoded as it does, and told.
func TestDamage(t *testing.T) {
	files := fixtures(t)
	told := 0
	var d Decoder
	for _, name := range sortedNames(files) {
		_, _, height, err := decode(&d, files[name], Options{})
		switch {
		case err != nil:
		case !strings.HasPrefix(name, "damaged/"):
			assert.NoError(t, d.Damage(), name)
			assert.Equal(t, height, d.RealRows(), name)
		case d.Damage() != nil:
			told++
			assert.ErrorIs(t, d.Damage(), ErrFormat, name)
		}
	}
	assert.Greater(t, told, 40)
	for name, text := range map[string]string{
		"damaged/baseline-early-end":     "the data ends early, before marker D9",
		"damaged/baseline-restart-lost1": "marker D2 where restart 1 is due",
	} {
		_, _, height, err := decode(&d, files[name], Options{})
		require.NoError(t, err)
		require.ErrorContains(t, d.Damage(), text, name)
		assert.Less(t, d.RealRows(), height)
	}
}

// What cannot be read is told apart.
func TestErrors(t *testing.T) {
	files := fixtures(t)
	for name, want := range map[string]error{
		"damaged/frame-C3":           ErrUnsupported,
		"damaged/frame-C5":           ErrUnsupported,
		"damaged/frame-C9":           ErrUnsupported,
		"damaged/frame-CA":           ErrUnsupported,
		"damaged/bits12":             ErrUnsupported,
		"damaged/height0":            ErrUnsupported,
		"damaged/fraction":           ErrUnsupported,
		"damaged/width0":             ErrFormat,
		"damaged/sampling0":          ErrFormat,
		"damaged/sampling5":          ErrFormat,
		"damaged/no-quantisation":    ErrFormat,
		"damaged/no-frame":           ErrFormat,
		"damaged/second-frame":       ErrFormat,
		"damaged/unknown-marker":     ErrFormat,
		"damaged/baseline-cut-end":   ErrTruncated,
		"damaged/progressive-cut0.7": ErrTruncated,
	} {
		_, _, _, err := decode(new(Decoder), files[name], Options{})
		assert.ErrorIs(t, err, want, name)
		assert.NotContains(t, err.Error(), "\n")
	}
	for name, data := range map[string]string{"nothing": "", "text": "no picture", "start": "\xff\xd8", "start and fill": "\xff\xd8\xff\xff"} {
		_, err := ReadHeader([]byte(data))
		assert.Error(t, err, name)
	}
}

// claiming is a file whose frame claims a size.
func claiming(t *testing.T, data []byte, width, height int) []byte {
	out := bytes.Clone(data)
	at := bytes.Index(out, []byte{0xFF, sof0})
	if at < 0 {
		at = bytes.Index(out, []byte{0xFF, sof2})
	}
	require.Positive(t, at)
	binary.BigEndian.PutUint16(out[at+5:], uint16(height))
	binary.BigEndian.PutUint16(out[at+7:], uint16(width))
	return out
}

// A size that is not allowed takes no memory.
func TestLimit(t *testing.T) {
	data := claiming(t, fixtures(t)["kind/progressive-2x2"], 65500, 65500)
	var d Decoder
	_, err := d.Start(data, Options{})
	assert.ErrorIs(t, err, ErrTooLarge)
	assert.Nil(t, d.planes[0].rows)
	assert.Nil(t, d.planes[0].coefficients)
	_, err = d.Start(claiming(t, data, 65535, 1), Options{})
	assert.ErrorIs(t, err, ErrUnsupported)
}

// A file of thousands of scans, each of a few bytes for the whole picture, is
// refused before it takes long.
func TestManyScans(t *testing.T) {
	data := claiming(t, fixtures(t)["kind/scans-single"], 2000, 2000)
	at := bytes.LastIndex(data, []byte{0xFF, sos})
	scan := data[at : len(data)-2]
	bomb := append(bytes.Clone(data[:at]), bytes.Repeat(scan, 5000)...)
	_, _, _, err := decode(new(Decoder), append(bomb, 0xFF, eoi), Options{})
	assert.ErrorIs(t, err, ErrUnsupported)
	assert.ErrorContains(t, err, "more scans")
}
