package weights

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// text is a string in a pickle.
func text(s string) string { return "X" + string([]byte{byte(len(s)), byte(len(s) >> 8), 0, 0}) + s }

// tensorIn is {'w': a tensor} without the pickle's beginning and end, so that
// something else may stand around it.
func tensorIn() string {
	p := tensorPickle(12, 0, []int64{3, 4}, []int64{4, 1})
	return strings.TrimSuffix(strings.TrimPrefix(p, "\x80\x02"), ".")
}

// Whatever a pickle calls beside the weights is not called, and does not matter.
func TestInertValues(t *testing.T) {
	canary := filepath.Join(t.TempDir(), "canary")
	shell := "(" + text("touch "+canary) + "tR"
	for name, beside := range map[string]string{
		"os.system":            "cos\nsystem\n" + shell,
		"posix.system":         "cposix\nsystem\n" + shell,
		"eval":                 "cbuiltins\neval\n(" + text("open('"+canary+"', 'w')") + "tR",
		"python 2's eval":      "c__builtin__\neval\n(" + text("1") + "tR",
		"subprocess":           "csubprocess\nPopen\n" + shell,
		"stack global":         text("os") + text("system") + "\x93" + shell,
		"getattr":              "c__builtin__\ngetattr\n(cos\nenviron\n" + text("copy") + "tR)R",
		"chain":                "cfunctools\npartial\n(cos\nsystem\ntR" + shell + "}b",
		"load from bytes":      "ctorch.storage\n_load_from_bytes\n(" + text("x") + "tR",
		"instance":             "(" + text("touch "+canary) + "ios\nsystem\n",
		"instance by class":    "(cos\nsystem\n" + text("touch "+canary) + "o",
		"subclass of dict":     "cx\nDict\n)\x81(" + text("a") + "K\x01u}b",
		"subclass of list":     "cx\nList\n)\x81(K\x01K\x02e",
		"slots":                "cx\nSlots\n)\x81N}" + text("a") + "K\x01s\x86b",
		"tensor of the inert":  "ctorch._utils\n_rebuild_tensor_v2\n(cx\nStorage\n)RK\x00)))tR",
		"dict of the inert":    "ccollections\nOrderedDict\n(cx\nItems\n)RtR",
		"dtype of the inert":   "cnumpy\ndtype\n(cml_dtypes\nint4\nK\x00K\x01tR(K\x03Ntb",
		"object with keywords": "cx\nY\n)}\x92",
	} {
		t.Run(name, func(t *testing.T) {
			data := zipOf(t, "a/data.pkl", "\x80\x02}("+text("beside")+beside+text("net")+tensorIn()+"u.", "a/data/0", strings.Repeat("\x00\x00\x80\x3f", 12))
			require.NoError(t, readAll(data))
		})
	}
	assert.NoFileExists(t, canary)
}

// A tensor that depends on what is not known is told, with its class.
func TestNeededInertValues(t *testing.T) {
	quantised := "ctorch._utils\n_rebuild_qtensor\n(K\x01tR"
	data := zipOf(t, "a/data.pkl", "\x80\x02"+tensorIn()+text("q")+quantised+"s.", "a/data/0", strings.Repeat("\x00\x00\x80\x3f", 12))
	path := filepath.Join(t.TempDir(), "q.pth")
	require.NoError(t, os.WriteFile(path, data, 0o644))
	sd, err := Open(path)
	require.NoError(t, err)
	defer func() { require.NoError(t, sd.Close()) }()
	assert.Equal(t, []string{"w"}, sd.Names())
	assert.Equal(t, []Skipped{{"q", "an object of torch._utils._rebuild_qtensor, which is not read"}}, sd.Skipped())

	err = readAll([]byte("\x80\x02}" + text("q") + quantised + "s."))
	require.ErrorIs(t, err, ErrFormat)
	assert.ErrorContains(t, err, "torch._utils._rebuild_qtensor")
}

// What hostile pickles make of few bytes stays within bounds.
func TestInertValuesAreBounded(t *testing.T) {
	const n = 200_000
	pairs := "(" + strings.Repeat("NN", 20_000) + "u" // items of the dict on the stack
	modules := "cx\nM\nq\x00)\x81q\x01}(" + text("_parameters") + "}" + text("_modules") + "}" + "ub"
	for range 40 { // each holds the one before twice
		modules += "h\x00)\x81}(" + text("_parameters") + "}" + text("_modules") + "}(" + text("a") + "h\x01" + text("b") + "h\x01uubq\x01"
	}
	for name, pickle := range map[string]string{
		"copies of a dict":     "}" + pairs + "q\x00ccollections\nOrderedDict\nq\x01" + strings.Repeat("h\x01h\x00\x85R", n),
		"copies of a list":     "](" + strings.Repeat("N", 40_000) + "eq\x00cbuiltins\nlist\nq\x01" + strings.Repeat("h\x01h\x00\x85R0", n),
		"objects":              "cx\nY\nq\x00)q\x01" + strings.Repeat("h\x00h\x01\x81", 20*n),
		"objects of objects":   "cx\nY\nq\x00)\x81q\x01" + strings.Repeat("h\x00h\x01\x85R", 20*n),
		"states of each other": "cx\nY\nq\x00)\x81" + strings.Repeat("q\x01h\x00)\x81}"+text("a")+"h\x01sb", n),
		"modules in modules":   modules,
		"dicts in dicts":       strings.Repeat("}"+text("a"), n) + "N" + strings.Repeat("s", n),
		"elements of an inert": "cx\nY\n)\x81" + strings.Repeat("("+strings.Repeat("N", 1000)+"e", 10*n/1000),
	} {
		t.Run(name, func(t *testing.T) {
			data := []byte("\x80\x02" + pickle + ".")
			var err error
			taken := allocated(func() { err = readAll(data) })
			requireRefused(t, err)
			require.ErrorIs(t, err, ErrFormat)
			assert.Less(t, taken, uint64(1<<30), "for %d bytes", len(data))
		})
	}
}

// A table of contents that was compressed beyond belief is not read.
func TestCompressedTable(t *testing.T) {
	_, err := readTable(deflated(t, strings.Repeat("}0", 8<<20)))
	require.ErrorIs(t, err, ErrFormat)
	assert.ErrorContains(t, err, "claims")
}

// deflated is an entry of a zip.
func deflated(t *testing.T, content string) *zip.File {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	f, err := w.Create("a/data.pkl")
	require.NoError(t, err)
	_, err = io.WriteString(f, content)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	require.NoError(t, err)
	return r.File[0]
}

func TestMessagesAreOneLine(t *testing.T) {
	bad := "a\nb\x1b[2J\u202e" + strings.Repeat("x", 5000)
	for i, data := range [][]byte{
		safetensorsFile(fmt.Sprintf(`{%q:{"dtype":"F\n32","shape":[2],"data_offsets":[0,8]}}`, bad), 8),
		[]byte("\x80\x02}" + "X\xff\x00\x00\x00" + (bad + strings.Repeat("y", 255))[:255] + "cx\\y\nz\n)Rs."),
		zipOf(t, bad, "x"),
		[]byte("\x80\x04" + text("o\ns") + text("sy\nstem") + "\x93)R."),
	} {
		err := readAll(data)
		require.Error(t, err, i)
		requireRefused(t, err)
	}
}
