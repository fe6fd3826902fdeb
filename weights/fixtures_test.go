package weights

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/pkg/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
)

func fixture(name string) string { return reftest.Testdata("weights", name) }

func openFixture(t testing.TB, name string) *StateDict {
	t.Helper()
	sd, err := Open(fixture(name))
	require.NoError(t, err, "%+v", err)
	t.Cleanup(func() { require.NoError(t, sd.Close()) })
	return sd
}

func floats(t testing.TB, sd *StateDict, name string) []float32 {
	t.Helper()
	x, ok := sd.Get(name)
	require.True(t, ok, "%s is not in %v", name, sd.Names())
	data, err := x.Float32s()
	require.NoError(t, err, name)
	return data
}

// Every file that PyTorch and NumPy wrote holds what Python says it does.
func TestFixtures(t *testing.T) {
	expected := openFixture(t, "expected.safetensors")
	formats := map[string]string{
		"zip.pth": "zip", "zip_protocol4.pth": "zip", "wrapped.pth": "zip", "legacy.pth": "torch legacy",
		"stored.npz": "zip", "deflated.npz": "zip", "fortran.npy": "npy", "version2.npy": "npy",
		"detectron2_protocol2.pkl": "pickle", "detectron2_protocol4.pkl": "pickle", "detectron2_protocol5.pkl": "pickle", "python2.pkl": "pickle",
	}
	checked := 0
	for file, format := range formats {
		t.Run(file, func(t *testing.T) {
			sd := openFixture(t, file)
			assert.Equal(t, format, sd.Format())
			assert.Equal(t, fixture(file), sd.Path())
			count := 0
			for _, name := range expected.Names() {
				key, ok := strings.CutPrefix(name, file+"/")
				if !ok {
					continue
				}
				count++
				want, _ := expected.Get(name)
				got, ok := sd.Get(key)
				require.True(t, ok, "%s in %v", key, sd.Names())
				if len(got.Shape()) > 0 {
					assert.Equal(t, want.Shape(), got.Shape(), key)
				}
				assert.Equal(t, floats(t, expected, name), floats(t, sd, key), key)
			}
			checked += count
			empty := 0
			for _, name := range sd.Names() {
				if x, _ := sd.Get(name); x.Len() == 0 {
					empty++
					assert.Empty(t, floats(t, sd, name))
				}
			}
			assert.Equal(t, sd.Len(), count+empty)
		})
	}
	assert.Equal(t, expected.Len(), checked, "everything expected was looked at")
}

func TestElementTypes(t *testing.T) {
	sd := openFixture(t, "zip.pth")
	for _, name := range []string{"float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool"} {
		x, ok := sd.Get(name)
		require.True(t, ok)
		assert.Equal(t, name, x.DType().String())
	}
}

func TestTrainedCheckpoints(t *testing.T) {
	for file, layers := range map[string]int{"resnet20-12fca82f.th": 20, "resnet56-4bfd9763.th": 56} {
		sd, err := Open(reftest.Shared(t, "weights", file))
		require.NoError(t, err)
		canonical, scheme, err := Canonical(sd)
		require.NoError(t, err)
		assert.Equal(t, Torchvision, scheme)
		// A convolution and a norm of five entries for each layer but the
		// classifier, without num_batches_tracked.
		assert.Equal(t, (layers-1)*5+2, canonical.Len())
		for _, name := range []string{"conv1.weight", "bn1.running_var", "layer3.0.bn2.bias", "fc.weight", "fc.bias"} {
			_, ok := canonical.Get(name)
			assert.True(t, ok, name)
		}
		bad, err := NonFinite(sd)
		require.NoError(t, err)
		assert.Empty(t, bad)
		require.NoError(t, sd.Close())
	}
}

// Cutting a file anywhere, or changing any one byte, gives an error or a
// readable checkpoint, never a panic; cut ones are errors.
func TestDamagedFiles(t *testing.T) {
	for _, file := range []string{"wrapped.pth", "legacy.pth", "stored.npz", "version2.npy", "python2.pkl", "field/module_legacy.pth", "field/traced.pt", "field/choose_ema.pth", "field/text.npz"} {
		t.Run(file, func(t *testing.T) {
			data, err := os.ReadFile(fixture(file))
			require.NoError(t, err)
			cuts, flips := 400, 1500
			if strings.HasPrefix(file, "field/") { // of more tensors
				cuts, flips = 60, 150
			}
			step := 1 + len(data)/cuts
			for n := 0; n < len(data)-step; n += step {
				err := readAll(data[:n])
				require.Error(t, err, "cut to %d of %d bytes", n, len(data))
				requireRefused(t, err)
			}
			for i := 0; i < len(data); i += 1 + len(data)/flips {
				for _, flip := range []byte{1, 0x80, 0xff} {
					damaged := bytes.Clone(data)
					damaged[i] ^= flip
					if err := readAll(damaged); err != nil {
						requireRefused(t, err)
					}
				}
			}
		})
	}
}

// maxTotal is more than any of these files can hold.
const maxTotal = 64 << 20

// requireRefused wants an error of one line, that wraps a sentinel.
func requireRefused(t testing.TB, err error) {
	t.Helper()
	require.True(t, errors.Is(err, ErrFormat) || errors.Is(err, ErrWeights), "%v", err)
	require.False(t, strings.ContainsFunc(err.Error(), unicode.IsControl), "%q", err)
	require.Less(t, len(err.Error()), 3*maxMessage)
}

// readAll opens a checkpoint, brings its keys to one scheme, and reads every
// tensor.
func readAll(data []byte, opts ...OpenOption) error {
	sd, err := OpenReaderAt(bytes.NewReader(data), int64(len(data)), "test", opts...)
	if err != nil {
		return err
	}
	if _, _, err := Canonical(sd); err != nil && !errors.Is(err, ErrWeights) {
		return errors.Wrap(err, "unexpected")
	}
	total := 0
	for _, name := range sd.Names() {
		x, _ := sd.Get(name)
		if total += x.Len(); total > maxTotal {
			return nil
		}
		if _, err := x.Float32s(); err != nil {
			return err
		}
	}
	return nil
}

// A flipped bit in the data of a zip is found by its checksum.
func TestChecksum(t *testing.T) {
	data, err := os.ReadFile(fixture("zip.pth"))
	require.NoError(t, err)
	sd := openFixture(t, "zip.pth")
	x, _ := sd.Get("float32")
	at := x.data.(*fileStorage).at
	data[at+5] ^= 0x10
	err = readAll(data)
	require.ErrorIs(t, err, ErrFormat)
	assert.ErrorContains(t, err, "checksum")
}

func FuzzOpen(f *testing.F) {
	files, err := filepath.Glob(fixture("*"))
	require.NoError(f, err)
	for _, kind := range []string{"*.pth", "*.pt", "*.npz"} {
		more, err := filepath.Glob(fixture("field/" + kind))
		require.NoError(f, err)
		files = append(files, more...)
	}
	for _, file := range files {
		if ending := filepath.Ext(file); ending == ".safetensors" || ending == "" {
			continue
		}
		data, err := os.ReadFile(file)
		require.NoError(f, err)
		f.Add(data)
	}
	f.Add([]byte("\x80\x02}q\x00X\x01\x00\x00\x00aK\x01s."))
	f.Add(safetensorsFile(`{"__metadata__":{"a":"b"},"a":{"dtype":"BF16","shape":[2,1],"data_offsets":[0,4]},"b":{"dtype":"F64","shape":[],"data_offsets":[4,12]}}`, 12))
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := readAll(data); err != nil {
			requireRefused(t, err)
		}
		if err := readAll(data, Under("a.b")); err != nil {
			requireRefused(t, err)
		}
	})
}
