package reftest

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"slices"
	"sort"
	"testing"

	"github.com/stretchr/testify/require"
)

// Array is a tensor from a file of our own.
type Array struct {
	Shape []int
	Data  []float32
}

// ReadArrays reads a .safetensors file that testdata/gen/safetensors_io.py
// wrote: float32 tensors and a map of strings. It trusts the file; package
// weights, whose tests use this package, has the reader that does not.
func ReadArrays(t testing.TB, path string) (arrays map[string]Array, metadata map[string]string) {
	t.Helper()
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	size := binary.LittleEndian.Uint64(file)
	head, body := file[8:8+size], file[8+size:]
	var entries map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(head, &entries), path)
	if text, ok := entries["__metadata__"]; ok {
		require.NoError(t, json.Unmarshal(text, &metadata), path)
		delete(entries, "__metadata__")
	}
	arrays = map[string]Array{}
	for name, text := range entries {
		var entry struct {
			Shape   []int
			Offsets [2]int `json:"data_offsets"`
		}
		require.NoError(t, json.Unmarshal(text, &entry), path)
		bytes := body[entry.Offsets[0]:entry.Offsets[1]]
		data := make([]float32, len(bytes)/4)
		for i := range data {
			data[i] = math.Float32frombits(binary.LittleEndian.Uint32(bytes[4*i:]))
		}
		arrays[name] = Array{entry.Shape, data}
	}
	return arrays, metadata
}

// Fixture is what testdata/gen/sampling.py kept of some tensors: samples at
// even steps, the shape, the largest and the mean magnitude.
type Fixture struct {
	samples map[string]Array
	summary map[string]struct {
		Shape           []int
		AbsMax, MeanAbs float64
	}
}

// ReadFixture reads a fixture.
func ReadFixture(t testing.TB, path string) *Fixture {
	t.Helper()
	f := &Fixture{}
	var metadata map[string]string
	f.samples, metadata = ReadArrays(t, path)
	require.NoError(t, json.Unmarshal([]byte(metadata["summary"]), &f.summary), path)
	return f
}

// Names lists the fixture's tensors, sorted.
func (f *Fixture) Names() []string {
	names := make([]string, 0, len(f.samples))
	for name := range f.samples {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Shape is a tensor's shape; nil if the fixture lacks it.
func (f *Fixture) Shape(name string) []int { return f.summary[name].Shape }

// Check fails the test unless a tensor agrees with the fixture's of that name:
// the same shape, and samples, mean and largest magnitude within Tolerance,
// relative to the largest magnitude. It returns the worst ratio.
func (f *Fixture) Check(t testing.TB, name string, shape []int, data []float32) float64 {
	t.Helper()
	want, ok := f.summary[name]
	if !ok {
		t.Errorf("the fixture has no %q; it has %q", name, f.Names())
		return math.Inf(1)
	}
	if !slices.Equal(shape, want.Shape) {
		t.Errorf("%s: shape %v, want %v", name, shape, want.Shape)
		return math.Inf(1)
	}
	samples := f.samples[name].Data
	got := make([]float32, len(samples))
	for k := range got {
		got[k] = data[k*len(data)/len(samples)]
	}
	worst := closeTo(t, name, got, samples, want.AbsMax, Tolerance)
	mean := ratio(math.Abs(meanAbs(data)-want.MeanAbs), want.AbsMax)
	if mean > Tolerance {
		t.Errorf("%s: the mean magnitude of all %d values is %.6g, want %.6g", name, len(data), meanAbs(data), want.MeanAbs)
	}
	largest := ratio(math.Abs(AbsMax(data)-want.AbsMax), want.AbsMax)
	if largest > Tolerance {
		t.Errorf("%s: the largest magnitude is %.6g, want %.6g", name, AbsMax(data), want.AbsMax)
	}
	return max(worst, mean, largest)
}
