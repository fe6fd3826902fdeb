package jpeg

import (
	"archive/zip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sort"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/reftest"
)

// fixtures are the files that testdata/gen/jpeg_fixtures.py made.
func fixtures(t testing.TB) map[string][]byte {
	t.Helper()
	archive, err := zip.OpenReader(reftest.Testdata("jpeg", "files.zip"))
	require.NoError(t, err)
	defer func() { _ = archive.Close() }()
	files := map[string][]byte{}
	for _, f := range archive.File {
		r, err := f.Open()
		require.NoError(t, err)
		files[f.Name], err = io.ReadAll(r)
		require.NoError(t, err)
	}
	return files
}

func sortedNames[T any](m map[string]T) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// decode decodes a whole window at once.
func decode(d *Decoder, data []byte, o Options) (pix []uint8, w, h int, err error) {
	if _, err := d.Start(data, o); err != nil {
		return nil, 0, 0, err
	}
	w, h = d.Size()
	pix = make([]uint8, 3*w*h)
	n, err := d.Rows(pix)
	if err == nil && n != h {
		err = fmt.Errorf("%d of %d rows", n, h)
	}
	return pix, w, h, err
}

// pixelHash is what the fixtures hold.
func pixelHash(pix []uint8, w, h int) string {
	sum := sha256.Sum256(append(fmt.Appendf(nil, "%d %d ", w, h), pix...))
	return hex.EncodeToString(sum[:8])
}

// unlike are fixtures of which something else than Pillow's answer is wanted.
var unlike = map[string]string{
	// Pillow reads arithmetic coding.
	"damaged/frame-C9 at 1/1": "error",
	"damaged/frame-C9 at 1/2": "error",
	"damaged/frame-C9 at 1/4": "error",
	"damaged/frame-C9 at 1/8": "error",
	// Scans that an eighth of the size does not need are passed over, so that
	// nobody sees which part of them is missing.
	"damaged/progressive-early-end at 1/8":         "",
	"damaged/progressive-restart-early-end at 1/8": "",
}

// Pixels are Pillow's to the bit, at every scale, and what Pillow refuses is
// refused.
func TestFixtures(t *testing.T) {
	text, err := os.ReadFile(reftest.Testdata("jpeg", "pixels.json"))
	require.NoError(t, err)
	var want map[string][4]string
	require.NoError(t, json.Unmarshal(text, &want))
	files := fixtures(t)
	require.Len(t, files, len(want))
	eachInstructionSet(t, func(t *testing.T) { checkFixtures(t, files, want) })
}

// eachInstructionSet runs a test in the portable form and in that of this CPU.
func eachInstructionSet(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	before := kernel.Active()
	defer func() { _ = kernel.Use(before) }()
	for _, isa := range []kernel.ISA{kernel.Generic, kernel.AVX2} {
		if kernel.Use(isa) == nil {
			t.Run(isa.String(), test)
		}
	}
}

func checkFixtures(t *testing.T, files map[string][]byte, want map[string][4]string) {
	var d Decoder
	for _, name := range sortedNames(want) {
		for i, scale := range []int{1, 2, 4, 8} {
			pix, w, h, err := decode(&d, files[name], Options{Scale: scale})
			got := "error"
			if err == nil {
				got = pixelHash(pix, w, h)
			}
			what := fmt.Sprintf("%s at 1/%d", name, scale)
			expected := want[name][i]
			if other, ok := unlike[what]; ok {
				if expected = other; other == "" {
					assert.NoError(t, err, what)
					continue
				}
			}
			assert.Equal(t, expected, got, "%s: %v", what, err)
		}
	}
}
