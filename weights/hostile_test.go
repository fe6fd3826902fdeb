package weights

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops"
)

// zipOf makes a zip file of stored entries.
func zipOf(t testing.TB, entries ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(entries); i += 2 {
		w, err := z.CreateHeader(&zip.FileHeader{Name: entries[i], Method: zip.Store})
		require.NoError(t, err)
		_, err = w.Write([]byte(entries[i+1]))
		require.NoError(t, err)
	}
	require.NoError(t, z.Close())
	return b.Bytes()
}

// tensorPickle is {'w': a tensor of float32 in storage 0}, with numbers as
// pickle integers.
func tensorPickle(elements, offset int64, shape, strides []int64) string {
	n := func(v int64) string { return "\x8a\x08" + string(binary.LittleEndian.AppendUint64(nil, uint64(v))) }
	tuple := func(list []int64) string {
		s := "("
		for _, v := range list {
			s += n(v)
		}
		return s + "t"
	}
	return "\x80\x02}X\x01\x00\x00\x00wctorch._utils\n_rebuild_tensor_v2\n((X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x000X\x03\x00\x00\x00cpu" +
		n(elements) + "tQ" + n(offset) + tuple(shape) + tuple(strides) + "\x89ccollections\nOrderedDict\n)RtRs."
}

func torchFile(t testing.TB, elements, offset int64, shape, strides []int64) []byte {
	return zipOf(t, "a/data.pkl", tensorPickle(elements, offset, shape, strides), "a/data/0", strings.Repeat("\x00\x00\x80\x3f", 12))
}

func safetensorsFile(header string, data int) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), make([]byte, data)...)
}

func TestHandMadeTensor(t *testing.T) {
	require.NoError(t, readAll(torchFile(t, 12, 0, []int64{3, 4}, []int64{4, 1})))
	require.NoError(t, readAll(torchFile(t, 12, 2, []int64{2, 3}, []int64{1, 3})))
	require.NoError(t, readAll(safetensorsFile(`{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, 8)))
}

func TestHostileFiles(t *testing.T) {
	global := func(name string) string { return "\x80\x02c" + name + "\n(X\x04\x00\x00\x00echotR." }
	bomb := func() []byte { // a deflated entry that claims a terabyte
		var b bytes.Buffer
		z := zip.NewWriter(&b)
		w, err := z.CreateRaw(&zip.FileHeader{Name: "a/data.pkl", Method: zip.Deflate, CompressedSize64: 10, UncompressedSize64: 1 << 40})
		require.NoError(t, err)
		_, err = w.Write(make([]byte, 10))
		require.NoError(t, err)
		require.NoError(t, z.Close())
		return b.Bytes()
	}
	cases := map[string]struct {
		data []byte
		says string
	}{
		"empty":                 {nil, "empty"},
		"text":                  {[]byte("hello, world"), "not a PyTorch, safetensors, NumPy or detectron2 checkpoint"},
		"web page":              {[]byte("<!DOCTYPE html><html>"), "web page"},
		"LFS pointer":           {[]byte("version https://git-lfs.github.com/spec/v1\noid"), "git lfs pull"},
		"os.system":             {[]byte(global("os\nsystem")), `"os.system"`},
		"posix.system":          {zipOf(t, "a/data.pkl", global("posix\nsystem")), `"posix.system"`},
		"builtins.eval":         {[]byte(global("builtins\neval")), `"builtins.eval"`},
		"python 2 eval":         {[]byte(global("__builtin__\neval")), `"builtins.eval"`},
		"getattr":               {[]byte(global("builtins\ngetattr")), `"builtins.getattr"`},
		"load from bytes":       {[]byte(global("torch.storage\n_load_from_bytes")), "torch.save(model.state_dict(), path)"},
		"stack global":          {[]byte("\x80\x04\x8c\x02os\x8c\x06system\x93."), `"os.system"`},
		"endless line":          {append([]byte("\x80\x02c"), bytes.Repeat([]byte("a"), 2<<20)...), "a line of more than"},
		"no dict":               {[]byte("\x80\x02K\x01."), "save a state dict"},
		"no tensor":             {[]byte("\x80\x02}X\x01\x00\x00\x00aK\x01s."), "holds no tensor"},
		"dict in itself":        {[]byte("\x80\x02}q\x00X\x05\x00\x00\x00modelh\x00s."), "holds no tensors"},
		"underflow":             {[]byte("\x80\x02R."), "nothing left on the stack"},
		"no mark":               {[]byte("\x80\x02u."), "no mark"},
		"opcode":                {[]byte("\x80\x02\xff."), "0xff is no operation"},
		"memo":                  {[]byte("\x80\x02h\x07."), "nothing remembered"},
		"protocol":              {[]byte("\x80\x09."), "protocol 9"},
		"huge string":           {[]byte("\x80\x04\x8d\xff\xff\xff\xff\xff\xff\xff\x7fabc"), "announced"},
		"huge bytes":            {[]byte("\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\xffabc"), "announced"},
		"persistent id":         {[]byte("\x80\x02K\x01Q."), "persistent id"},
		"zip bomb":              {bomb(), "claims 1099511627776 bytes from 10"},
		"TorchScript":           {zipOf(t, "a/data.pkl", "\x80\x02c__torch__\nNet\n)\x81}b.", "a/constants.pkl", "x"), "TorchScript"},
		"other zip":             {zipOf(t, "readme.txt", "x"), "neither a PyTorch checkpoint"},
		"empty zip":             {zipOf(t), "empty"},
		"entry twice":           {zipOf(t, "a/data.pkl", "x", "a/data.pkl", "x"), "appears twice"},
		"storage not there":     {zipOf(t, "a/data.pkl", tensorPickle(12, 0, []int64{3}, []int64{1})), "storage 0 is not in the file"},
		"byte order":            {zipOf(t, "a/data.pkl", "x", "a/byteorder", "middle"), "byte order"},
		"storage too long":      {torchFile(t, 13, 0, []int64{3}, []int64{1}), "13 elements of float32 in 48 bytes"},
		"negative storage":      {torchFile(t, -1, 0, []int64{3}, []int64{1}), "-1 elements"},
		"negative dimension":    {torchFile(t, 12, 0, []int64{-3}, []int64{1}), "negative"},
		"too many elements":     {torchFile(t, 12, 0, []int64{math.MaxInt64, 2}, []int64{2, 1}), "too many elements"},
		"overflow":              {torchFile(t, 12, 0, []int64{1 << 31, 1 << 31, 1 << 31}, []int64{1, 1, 1}), "too many elements"},
		"past the end":          {torchFile(t, 12, 10, []int64{3}, []int64{1}), "does not fit"},
		"negative offset":       {torchFile(t, 12, -1, []int64{3}, []int64{1}), "element -1"},
		"huge offset":           {torchFile(t, 12, math.MaxInt64, []int64{3}, []int64{1}), "element 9223372036854775807"},
		"negative stride":       {torchFile(t, 12, 4, []int64{3}, []int64{-1}), "stride -1"},
		"stride past the end":   {torchFile(t, 12, 0, []int64{3, 3}, []int64{6, 1}), "reaches beyond"},
		"huge stride":           {torchFile(t, 12, 0, []int64{3, 3}, []int64{math.MaxInt64, 1}), "stride"},
		"expanded":              {torchFile(t, 12, 0, []int64{1000, 1000}, []int64{0, 0}), "has 1000000 elements, its storage 12"},
		"strides without shape": {torchFile(t, 12, 0, []int64{3}, []int64{3, 1}), "with strides"},
		"rank":                  {torchFile(t, 12, 0, make([]int64, 40), make([]int64, 40)), "40 dimensions"},
		"safetensors length":    {append(binary.LittleEndian.AppendUint64(nil, 9), "{}"...), "a header of 9 bytes"},
		"safetensors 2^63":      {append(binary.LittleEndian.AppendUint64(nil, 1<<63), `{"a":1}`...), "not a PyTorch"},
		"safetensors JSON":      {safetensorsFile(`{"a":`, 0), "safetensors: a"},
		"safetensors twice":     {safetensorsFile(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), "a appears twice"},
		"safetensors overlap":   {safetensorsFile(`{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[2],"data_offsets":[1,3]}}`, 3), "b: data from 1"},
		"safetensors hole":      {safetensorsFile(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}`, 2), "data from 1"},
		"safetensors end":       {safetensorsFile(`{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}`, 2), "data from 0 to 4"},
		"safetensors rest":      {safetensorsFile(`{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}`, 9), "something behind them"},
		"safetensors negative":  {safetensorsFile(`{"a":{"dtype":"U8","shape":[-1],"data_offsets":[0,1]}}`, 1), "negative"},
		"safetensors size":      {safetensorsFile(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,2]}}`, 2), "needs 4 bytes"},
		"safetensors type":      {safetensorsFile(`{"a":{"dtype":"F4","shape":[1],"data_offsets":[0,1]}}`, 1), `"F4"`},
		"npy header":            {[]byte("\x93NUMPY\x01\x00\xff\xffxx"), "cut off"},
		"npy version":           {[]byte("\x93NUMPY\x09\x00\x00\x00xx"), "version 9"},
		"npy objects":           {[]byte("\x93NUMPY\x01\x00\x3c\x00" + fmt.Sprintf("%-60s", "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }")), `"|O"`},
		"npy size":              {[]byte("\x93NUMPY\x01\x00\x3c\x00" + fmt.Sprintf("%-60s", "{'descr': '<f4', 'fortran_order': False, 'shape': (9,), }")), "needs 36 bytes"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var err error
			taken := allocated(func() { err = readAll(c.data) })
			require.ErrorIs(t, err, ErrFormat)
			assert.ErrorContains(t, err, c.says)
			assert.Less(t, taken, uint64(16<<20), "memory taken for a file of %d bytes", len(c.data))
		})
	}
}

// allocated is the bytes that a function takes in all.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

func TestOpenPaths(t *testing.T) {
	_, err := Open(filepath.Join(t.TempDir(), "nowhere.pth"))
	assert.ErrorIs(t, err, os.ErrNotExist)
	_, err = Open(t.TempDir())
	require.ErrorIs(t, err, ErrFormat)
	assert.ErrorContains(t, err, "folder")
	file := filepath.Join(t.TempDir(), "empty.pth")
	require.NoError(t, os.WriteFile(file, nil, 0o644))
	_, err = Open(file)
	require.ErrorIs(t, err, ErrFormat)
	assert.ErrorContains(t, err, file)
}

// Reading needs no memory beside the destination and a small buffer.
func TestReadingIsStreamed(t *testing.T) {
	const n = 4 << 20 // 16 MiB
	x, err := ops.New(n)
	require.NoError(t, err)
	reftest.Fill("large", x.Data(), -1, 1)
	file := filepath.Join(t.TempDir(), "large.safetensors")
	require.NoError(t, SaveSafetensors(file, []Named{{"x", x}}, nil))
	sd, err := Open(file)
	require.NoError(t, err)
	defer func() { require.NoError(t, sd.Close()) }()
	large, _ := sd.Get("x")
	dst := make([]float32, n)
	taken := allocated(func() { require.NoError(t, large.ReadFloat32(dst)) })
	assert.Equal(t, x.Data(), dst)
	assert.Less(t, taken, uint64(1<<20))
	assert.ErrorIs(t, large.ReadFloat32(dst[1:]), ErrWeights)
}

func TestWritingAndReadingBack(t *testing.T) {
	a, err := ops.FromSlice([]float32{1, -2, float32(math.NaN()), float32(math.Inf(1)), 0, 5}, 2, 3)
	require.NoError(t, err)
	b, err := ops.FromSlice([]float32{7}, 1)
	require.NoError(t, err)
	var first, second, npz bytes.Buffer
	metadata := map[string]string{"z": "1", "a": "\"2\""}
	require.NoError(t, WriteSafetensors(&first, []Named{{"b", b}, {"a\n", a}}, metadata))
	require.NoError(t, WriteSafetensors(&second, []Named{{"b", b}, {"a\n", a}}, metadata))
	assert.Equal(t, first.Bytes(), second.Bytes())
	require.NoError(t, WriteNPZ(&npz, []string{"b", "a\n"}, map[string]*ops.Tensor{"a\n": a, "b": b}))
	for _, data := range [][]byte{first.Bytes(), npz.Bytes()} {
		sd, err := OpenReaderAt(bytes.NewReader(data), int64(len(data)), "test")
		require.NoError(t, err)
		assert.Equal(t, []string{"b", "a\n"}, sd.Names())
		got := floats(t, sd, "a\n")
		for i, v := range a.Data() {
			assert.Equal(t, math.Float32bits(v), math.Float32bits(got[i]))
		}
		bad, err := NonFinite(sd)
		require.NoError(t, err)
		assert.Equal(t, []NonFiniteTensor{{"a\n", 1, 1}}, bad)
	}
	for _, bad := range [][]Named{{{"a", nil}}, {{"a", a}, {"a", b}}, {{"__metadata__", a}}} {
		assert.ErrorIs(t, WriteSafetensors(&bytes.Buffer{}, bad, nil), ErrWeights)
	}
}

// A write that fails leaves what was there.
func TestSavingIsAtomic(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "x.safetensors")
	x, err := ops.New(3)
	require.NoError(t, err)
	require.NoError(t, SaveSafetensors(file, []Named{{"x", x}}, nil))
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Error(t, SaveSafetensors(file, []Named{{"x", x}, {"x", x}}, nil))
	after, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, before, after)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	assert.Len(t, entries, 1, "no temporary file is left")
	assert.Error(t, SaveSafetensors(filepath.Join(dir, "no", "folder"), nil, nil))
}

func TestStateDict(t *testing.T) {
	sd := New()
	x, err := ops.New(2)
	require.NoError(t, err)
	require.NoError(t, sd.Put("a.x", x))
	require.NoError(t, sd.Put("b.x", x))
	assert.ErrorIs(t, sd.Put("a.x", x), ErrWeights)
	assert.ErrorIs(t, sd.Put("c", nil), ErrWeights)
	view, err := sd.Map(func(name string) (string, bool) { return strings.TrimPrefix(name, "a."), name != "b.x" })
	require.NoError(t, err)
	assert.Equal(t, []string{"x"}, view.Names())
	_, err = sd.Map(func(string) (string, bool) { return "same", true })
	require.ErrorIs(t, err, ErrWeights)
	assert.ErrorContains(t, err, "a.x and b.x both mean same")
	assert.NoError(t, sd.Close())
}

func TestConcurrentReads(t *testing.T) {
	sd := openFixture(t, "deflated.npz")
	want := floats(t, sd, "fortran")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { assert.Equal(t, want, floats(t, sd, "fortran")) })
	}
	wg.Wait()
}

func FuzzSafetensorsRoundTrip(f *testing.F) {
	f.Add("a", "b", []byte{1, 2, 3, 4, 5, 6, 7, 8})
	f.Add("__metadata__", "\x00", []byte{})
	f.Fuzz(func(t *testing.T, first, second string, data []byte) {
		values := make([]float32, 1+len(data)/4)
		for i := range len(data) / 4 {
			values[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
		x, err := ops.FromSlice(values, len(values))
		require.NoError(t, err)
		first, second = strings.ToValidUTF8(first, ""), strings.ToValidUTF8(second, "")
		var b bytes.Buffer
		if err := WriteSafetensors(&b, []Named{{first, x}, {second, x}}, map[string]string{first: second}); err != nil {
			require.ErrorIs(t, err, ErrWeights)
			return
		}
		sd, err := OpenReaderAt(bytes.NewReader(b.Bytes()), int64(b.Len()), "test")
		require.NoError(t, err)
		require.Equal(t, []string{first, second}, sd.Names())
		for i, v := range floats(t, sd, second) {
			require.Equal(t, math.Float32bits(values[i]), math.Float32bits(v))
		}
	})
}

func BenchmarkOpenRead(b *testing.B) {
	x, err := ops.New(4 << 20)
	require.NoError(b, err)
	file := filepath.Join(b.TempDir(), "x.safetensors")
	require.NoError(b, SaveSafetensors(file, []Named{{"x", x}}, nil))
	dst := make([]float32, x.Len())
	b.SetBytes(int64(4 * x.Len()))
	for b.Loop() {
		sd, err := Open(file)
		require.NoError(b, err)
		t, _ := sd.Get("x")
		require.NoError(b, t.ReadFloat32(dst))
		require.NoError(b, sd.Close())
	}
}
