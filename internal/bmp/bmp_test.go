package bmp

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
)

// The pixels of whole files are compared with Pillow's in ops/transform; these
// are files that no writer should write.
func TestDamaged(t *testing.T) {
	file := func(name string) []byte {
		data, err := os.ReadFile(reftest.Testdata("transform", "kinds", name))
		require.NoError(t, err)
		return data
	}
	patched := func(name string, at int, v uint32) []byte {
		data := file(name)
		binary.LittleEndian.PutUint32(data[at:], v)
		return data
	}
	for name, c := range map[string]struct {
		data []byte
		says string
	}{
		"nothing":             {nil, "the header: unexpected EOF"},
		"another header":      {patched("bits24.bmp", 14, 41), "a header of 41 bytes, want one of [12 40 52 56 64 108 124]"},
		"half a header":       {file("bits24.bmp")[:30], "the header: unexpected EOF"},
		"no pixels":           {patched("bits24.bmp", 18, 0), "at least one pixel"},
		"negative width":      {patched("bits24.bmp", 18, 0xffffffff), "at least one pixel"},
		"the lowest height":   {patched("bits24.bmp", 22, 0x80000000), "7x"},
		"too many pixels":     {patched("bits24.bmp", 18, 0x7fffffff), "more than 178956970 pixels"},
		"more than it holds":  {patched("bits24.bmp", 18, 10000), "bytes cannot hold 10000x5 pixels"},
		"a depth of 3":        {patched("bits24.bmp", 28, 3), "pixels of 3 bits, plain, are not decoded here"},
		"a JPEG":              {patched("bits24.bmp", 30, 4), "pixels of 24 bits, as JPEG, are not decoded here: convert it"},
		"an unknown method":   {patched("bits24.bmp", 30, 1<<31), "pixels of 24 bits, stored by method 2147483648, are not"},
		"run lengths of 24":   {patched("bits24.bmp", 30, 1), "pixels of 24 bits, in run lengths of 8 bits, are not"},
		"no masks":            {file("masks565.bmp")[:60], "the masks: unexpected EOF"},
		"masks with holes":    {patched("masks565.bmp", 54, 5), "[0x5 0x7e0 0x1f] of a pixel, want a row of bits each"},
		"one mask empty":      {patched("masks565.bmp", 58, 0), "[0xf800 0x0 0x1f]"},
		"half a palette":      {file("bits8.bmp")[:100], "the palette: unexpected EOF"},
		"pixels far away":     {patched("bits24.bmp", 10, 0xffffffff), "before the pixels: unexpected EOF"},
		"half the pixels":     {file("bits24.bmp")[:100], "bytes cannot hold"},
		"runs that end early": {file("runs8.bmp")[:1090], "the pixels: unexpected EOF"},
	} {
		_, err := Decode(bytes.NewReader(c.data))
		assert.ErrorContains(t, err, c.says, name)
	}
	// Without a known length the end shows while reading.
	_, err := Decode(io.MultiReader(bytes.NewReader(file("bits24.bmp")[:100])))
	assert.ErrorContains(t, err, "the pixels: unexpected EOF")
}

func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob(reftest.Testdata("transform", "kinds", "*.bmp"))
	require.NoError(f, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		config, err := DecodeConfig(bytes.NewReader(data))
		if err != nil || config.Width > 1<<16/config.Height {
			return
		}
		m, err := Decode(bytes.NewReader(data))
		if err == nil {
			require.Equal(t, config.Width*config.Height, m.Bounds().Dx()*m.Bounds().Dy())
		}
	})
}
