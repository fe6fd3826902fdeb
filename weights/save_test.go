package weights

import (
	"archive/zip"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/ops"
)

// What is saved is read again with the same keys, types, shapes and values;
// testdata/gen/save_check.py has PyTorch and NumPy read it.
func TestSave(t *testing.T) {
	folder := os.Getenv("VERTEBRA_SAVED")
	if folder == "" {
		folder = t.TempDir()
	}
	for _, from := range []string{"zip.pth", "legacy.pth", "stored.npz", "detectron2_protocol4.pkl", "field/shards_bin"} {
		sd := openFixture(t, from)
		for _, ending := range []string{".safetensors", "", ".npz", ".pth", ".PT"} {
			t.Run(from+ending, func(t *testing.T) {
				path := filepath.Join(folder, strings.ReplaceAll(filepath.Base(from), ".", "_")+ending)
				require.NoError(t, sd.Save(path))
				got, err := Open(path)
				require.NoError(t, err)
				defer func() { require.NoError(t, got.Close()) }()
				require.Equal(t, sd.Names(), got.Names())
				for _, name := range sd.Names() {
					a, _ := sd.Get(name)
					b, _ := got.Get(name)
					assert.Equal(t, a.Shape(), b.Shape(), name)
					if ending != ".npz" || a.DType() != BF16 {
						assert.Equal(t, a.DType(), b.DType(), name)
					}
					assert.Equal(t, floats(t, sd, name), floats(t, got, name), name)
				}
			})
		}
	}
}

func TestSaveErrors(t *testing.T) {
	sd := New()
	x, err := ops.FromSlice([]float32{1, float32(math.NaN())}, 2)
	require.NoError(t, err)
	require.NoError(t, sd.Put("x", x))
	folder := t.TempDir()
	err = sd.Save(filepath.Join(folder, "x.onnx"))
	require.ErrorIs(t, err, ErrWeights)
	assert.ErrorContains(t, err, ".safetensors, .npz, .pth and .pt")
	assert.Error(t, sd.Save(filepath.Join(folder, "no", "folder.pth")))

	path := filepath.Join(folder, "x.pth")
	require.NoError(t, sd.Save(path))
	before, err := os.ReadFile(path)
	require.NoError(t, err)
	sd.tensors["x"].dtype = U64 // which torch.load does not know
	err = sd.Save(path)
	require.ErrorIs(t, err, ErrWeights)
	assert.ErrorContains(t, err, "uint64")
	after, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, before, after)
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Len(t, entries, 1)
}

// The entries of a saved .pth are stored, and begin at multiples of 64 bytes.
func TestSavedZip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x.pth")
	require.NoError(t, openFixture(t, "zip.pth").Save(path))
	z, err := zip.OpenReader(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, z.Close()) }()
	for _, f := range z.File {
		at, err := f.DataOffset()
		require.NoError(t, err)
		assert.Zero(t, at%64, f.Name)
		assert.Equal(t, zip.Store, f.Method)
	}
	assert.Equal(t, "archive/data.pkl", z.File[0].Name)
}

// A file of big-endian numbers is written as little-endian ones.
func TestSaveTurnsBytesRound(t *testing.T) {
	path := filepath.Join(t.TempDir(), "x")
	require.NoError(t, openFixture(t, "version2.npy").Save(path))
	sd, err := Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, sd.Close()) }()
	assert.Equal(t, floats(t, openFixture(t, "version2.npy"), "arr_0"), floats(t, sd, "arr_0"))
}
