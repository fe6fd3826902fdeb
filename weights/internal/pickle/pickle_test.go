package pickle

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func read(text string) (any, error) {
	find := func(name string) (Constructor, bool) {
		return func(args Tuple) (any, error) { return Tuple{name, args}, nil }, name == "a.b"
	}
	return Read(NewSource(bytes.NewReader([]byte(text)), 0, int64(len(text))), Rules{Find: find})
}

// What Python's pickle writes for these values, protocol by protocol.
func TestValues(t *testing.T) {
	cases := map[string]struct {
		pickle string
		want   any
	}{
		"none":              {"N.", nil},
		"true, protocol 0":  {"I01\n.", true},
		"int, protocol 0":   {"I-7\n.", int64(-7)},
		"long, protocol 0":  {"L12L\n.", int64(12)},
		"float, protocol 0": {"F1.5\n.", 1.5},
		"text, protocol 0":  {"Vab\\u00e9\n.", "abé"},
		"text, Latin-1":     {"V\xc4\xbc\xe9\\u000a\\U0001F600\\n\\u12.\n.", "Ä¼é\n😀\\n\\u12."},
		"str, protocol 0":   {"S'it\\'s'\n.", "it's"},
		"int1":              {"\x80\x02K\x07.", int64(7)},
		"int2":              {"\x80\x02M\x01\x02.", int64(513)},
		"int4":              {"\x80\x02J\xff\xff\xff\xff.", int64(-1)},
		"long1":             {"\x80\x02\x8a\x02\x00\x80.", int64(-32768)},
		"long1, empty":      {"\x80\x02\x8a\x00.", int64(0)},
		"float":             {"\x80\x02G?\xf8\x00\x00\x00\x00\x00\x00.", 1.5},
		"bytes":             {"\x80\x03C\x02\x00\xff.", []byte{0, 255}},
		"unicode":           {"\x80\x02X\x02\x00\x00\x00\xc3\xa9.", "é"},
		"short unicode":     {"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94.", "a"},
		"tuples":            {"\x80\x02K\x01K\x02\x86K\x03\x85\x86.", Tuple{Tuple{int64(1), int64(2)}, Tuple{int64(3)}}},
		"list":              {"\x80\x02]q\x00(K\x01K\x02e.", &List{[]any{int64(1), int64(2)}}},
		"list, protocol 0":  {"(lp0\nI1\na.", &List{[]any{int64(1)}}},
		"dict":              {"\x80\x02}q\x00X\x01\x00\x00\x00aK\x01s.", &Dict{[]any{"a"}, []any{int64(1)}}},
		"dict, protocol 0":  {"(dp0\nI1\nI2\ns.", &Dict{[]any{int64(1)}, []any{int64(2)}}},
		"memo":              {"\x80\x04K\x05\x94h\x00\x86.", Tuple{int64(5), int64(5)}},
		"call":              {"\x80\x02ca\nb\nK\x01\x85R.", Tuple{"a.b", Tuple{int64(1)}}},
		"new object":        {"\x80\x04\x8c\x01a\x8c\x01b\x93)\x81.", Tuple{"a.b", Tuple{}}},
		"state":             {"\x80\x02ca\nb\n)R}b.", Tuple{"a.b", Tuple{}}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := read(c.pickle)
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

// Long bytes stay in the file, and the pickle after them is found.
func TestBlob(t *testing.T) {
	long := bytes.Repeat([]byte("x"), 5000)
	file := append([]byte("\x80\x03B\x88\x13\x00\x00"), long...)
	file = append(file, ".K\x09."...)
	s := NewSource(bytes.NewReader(file), 0, int64(len(file)))
	got, err := Read(s, Rules{})
	require.NoError(t, err)
	assert.Equal(t, Blob{Offset: 7, Len: 5000}, got)
	got, err = Read(s, Rules{})
	require.NoError(t, err)
	assert.Equal(t, int64(9), got)
	assert.Equal(t, int64(len(file)), s.Pos())
}

func FuzzPickle(f *testing.F) {
	for _, seed := range []string{
		"\x80\x02}q\x00(X\x01\x00\x00\x00ah\x00X\x01\x00\x00\x00bca\nb\n(K\x01]tRu.", "(lp0\nI1\naF2.5\na.",
		"\x80\x04\x95\x10\x00\x00\x00\x00\x00\x00\x00\x8c\x01a\x94\x8c\x01b\x94\x93\x94)\x81}b.", "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if _, err := read(string(data)); err != nil {
			require.ErrorIs(t, err, ErrPickle)
		}
	})
}
