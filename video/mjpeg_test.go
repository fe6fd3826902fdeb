package video

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/pkg/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

// noisy is a JPEG whose data have every byte in them.
func noisy(t testing.TB, width int) []byte {
	t.Helper()
	m := image.NewRGBA(image.Rect(0, 0, width, 16))
	x := uint32(width)
	for i := range m.Pix {
		x = x*1664525 + 1013904223
		m.Pix[i] = uint8(x >> 24)
	}
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, m, &jpeg.Options{Quality: 95}))
	return b.Bytes()
}

// withPreview puts another JPEG into one's first segment, as cameras do.
func withPreview(picture, preview []byte) []byte {
	n := len(preview) + 2
	head := append([]byte{0xff, markerSOI, 0xff, 0xe1, byte(n >> 8), byte(n)}, preview...)
	return append(head, picture[2:]...)
}

// part is a picture after its header, whose lines end as given.
func part(end string, header []string, picture []byte) string {
	return strings.Join(header, end) + end + end + string(picture) + end
}

// split takes a stream apart.
func split(r io.Reader, contentType string) (list [][]byte, err error) {
	p := newPictures(r, contentType)
	for {
		data, err := p.next()
		if err != nil {
			return list, err
		}
		list = append(list, bytes.Clone(data))
	}
}

// Every form of a stream gives the bytes of its pictures, whatever it says of
// its boundary and of their lengths.
func TestMJPEGForms(t *testing.T) {
	a, b := noisy(t, 16), withPreview(noisy(t, 24), jpegOf(t, 8))
	length := func(n int) string { return fmt.Sprint("Content-Length: ", n) }
	kind := "Content-Type: image/jpeg"
	two := func(boundary, end string, header func(int) []string) string {
		return part(end, append([]string{boundary}, header(len(a))...), a) + part(end, append([]string{boundary}, header(len(b))...), b)
	}
	plain := func(int) []string { return []string{kind} }
	exact := func(n int) []string { return []string{kind, length(n)} }
	const mixed = "multipart/x-mixed-replace; boundary="
	for name, c := range map[string]struct{ contentType, body string }{
		"ffmpeg":                    {"multipart/x-mixed-replace;boundary=ffmpeg", two("--ffmpeg", "\r\n", exact)},
		"dashes in the name":        {mixed + "--f", two("--f", "\r\n", exact)},
		"dashes in both":            {mixed + "--f", two("----f", "\r\n", exact)},
		"no dashes in the stream":   {mixed + "f", two("f", "\r\n", exact)},
		"quoted":                    {mixed + `"f o:o"`, two("--f o:o", "\r\n", exact)},
		"quoted with dashes":        {mixed + `"--f"; charset=x`, two("--f", "\r\n", plain)},
		"characters it must not":    {mixed + "f/o=o@1; x", two("--f/o=o@1", "\r\n", exact)},
		"capitals":                  {"Multipart/X-Mixed-Replace; Boundary=F", two("--F", "\r\n", exact)},
		"another name":              {mixed + "f", two("--other", "\r\n", plain)},
		"no name":                   {"multipart/x-mixed-replace", two("--f", "\r\n", plain)},
		"no type":                   {"", two("--f", "\r\n", exact)},
		"a wrong type":              {"text/plain; charset=utf-8", two("--f", "\r\n", exact)},
		"newlines alone":            {mixed + "f", two("--f", "\n", exact)},
		"an empty line first":       {mixed + "f", "\r\n" + two("--f", "\r\n", exact)},
		"a preamble":                {mixed + "f", "This is a stream.\r\n\r\nOf pictures.\r\n" + two("--f", "\r\n", plain)},
		"a preamble without a type": {"", "hello\n" + two("--f", "\r\n", plain)},
		"other headers":             {mixed + "f", two("--f", "\r\n", func(n int) []string { return []string{"X-Timestamp: 1.5", kind, length(n), "Set-Cookie: --f=1"} })},
		"no headers":                {mixed + "f", two("--f", "\r\n", func(int) []string { return nil })},
		"space before the length":   {mixed + "f", two("--f", "\r\n", func(n int) []string { return []string{"Content-length :  " + fmt.Sprint(n) + " "} })},
		"length too small":          {mixed + "f", two("--f", "\r\n", func(n int) []string { return []string{length(n / 2)} })},
		"length too large":          {mixed + "f", two("--f", "\r\n", func(n int) []string { return []string{length(n + 100)} })},
		"length nonsense":           {mixed + "f", two("--f", "\r\n", func(int) []string { return []string{"Content-Length: many"} })},
		"length of 0":               {mixed + "f", two("--f", "\r\n", func(int) []string { return []string{length(0)} })},
		"no line before a boundary": {mixed + "f", strings.ReplaceAll(two("--f", "\r\n", exact), "\xff\xd9\r\n--f", "\xff\xd9--f")},
		"an empty line too many":    {mixed + "f", two("--f", "\r\n", func(n int) []string { return []string{kind, length(n), ""} })},
		"zeros between":             {mixed + "f", part("\r\n", []string{"--f", length(len(a) + 5)}, append(bytes.Clone(a), 0, 0, 0, 0, 0)) + part("\r\n", []string{"--f"}, b)},
		"another picture behind":    {mixed + "f", part("\r\n", []string{"--f", kind}, append(bytes.Clone(a), jpegOf(t, 8)...)) + part("\r\n", []string{"--f"}, b)},
		"closed":                    {mixed + "f", two("--f", "\r\n", exact) + "--f--\r\nmore\r\n"},
		"closed at once":            {mixed + "f", strings.TrimSuffix(two("--f", "\r\n", exact), "\r\n")},
		"as this server sends it":   {mixed + "f", "--f\r\n" + part("\r\n", []string{kind, length(len(a))}, a) + "--f\r\n" + part("\r\n", []string{kind, length(len(b))}, b) + "--f\r\n--f--\r\n"},
		"JPEGs alone":               {"", string(a) + string(b)},
		"JPEGs with a type":         {"image/jpeg", string(a) + string(b)},
		"JPEGs after junk":          {"video/x-motion-jpeg", "\x00\x01\xff" + string(a) + "\x00\x00\xff\xd8" + string(b)},
		"JPEGs after lines":         {"application/octet-stream", "\r\n" + string(a) + "\r\n" + string(b) + "\r\n"},
	} {
		for how, r := range map[string]io.Reader{
			"at once": strings.NewReader(c.body), "byte by byte": iotest.OneByteReader(strings.NewReader(c.body)), "halved": iotest.HalfReader(strings.NewReader(c.body)),
		} {
			list, err := split(r, c.contentType)
			require.ErrorIs(t, err, io.EOF, "%s, %s", name, how)
			require.Equal(t, 2, len(list), "%s, %s", name, how)
			assert.True(t, bytes.Equal(a, list[0]), "%s, %s", name, how)
			assert.True(t, bytes.Equal(b, list[1]), "%s, %s", name, how)
		}
	}
}

// What is damaged costs itself, not the pictures around it.
func TestMJPEGDamage(t *testing.T) {
	a, b := noisy(t, 16), noisy(t, 24)
	const mixed = "multipart/x-mixed-replace; boundary=f"
	length := func(n int) string { return fmt.Sprint("Content-Length: ", n) }
	last := part("\r\n", []string{"--f"}, b)
	half := append(bytes.Clone(a[:len(a)/2]), 0xff, markerEOI)
	for name, c := range map[string]struct {
		body string
		want [][]byte
		end  error
	}{
		"cut":                {part("\r\n", []string{"--f"}, a[:len(a)/2]) + last, [][]byte{half, b}, io.EOF},
		"cut, length":        {part("\r\n", []string{"--f", length(len(a) / 2)}, a[:len(a)/2]) + last, [][]byte{half, b}, io.EOF},
		"no end":             {part("\r\n", []string{"--f", length(len(a) - 2)}, a[:len(a)-2]) + last, [][]byte{a, b}, io.EOF},
		"no end at the end":  {last + strings.TrimSuffix(part("\r\n", []string{"--f", length(len(a) - 2)}, a[:len(a)-2]), "\r\n"), [][]byte{b, a}, io.EOF},
		"text":               {part("\r\n", []string{"--f"}, []byte("no picture\r\nat all")) + last, [][]byte{[]byte("no picture\r\nat all"), b}, io.EOF},
		"text, length":       {part("\r\n", []string{"--f", length(10)}, []byte("no picture")) + last, [][]byte{[]byte("no picture"), b}, io.EOF},
		"closed in a header": {last + "--f\r\nContent-Type: im", [][]byte{b}, io.EOF},
		"closed in data":     {last + string(part("\r\n", []string{"--f"}, a[:len(a)/2])), [][]byte{b}, io.ErrUnexpectedEOF},
		"closed in a table":  {last + "--f\r\n\r\n" + string(a[:30]), [][]byte{b}, io.ErrUnexpectedEOF},
		"closed in text":     {last + "--f\r\n\r\nno pict", [][]byte{b}, io.ErrUnexpectedEOF},
		"a length that lies": {last + "--f\r\nContent-Length: 99\r\n\r\nno picture", [][]byte{b}, io.ErrUnexpectedEOF},
	} {
		list, err := split(strings.NewReader(c.body), mixed)
		require.ErrorIs(t, err, c.end, name)
		require.Equal(t, len(c.want), len(list), name)
		for i, want := range c.want {
			assert.True(t, bytes.Equal(want, list[i]), "%s, picture %d", name, i)
		}
	}
	for name, body := range map[string]string{
		"empty": "", "page": "<html>\n<!-- x -->\n</html>", "long": strings.Repeat("x\n", maxPreamble), "one line": strings.Repeat("x", 4*maxPreamble),
	} {
		_, err := split(strings.NewReader(body), "text/html")
		assert.ErrorIs(t, err, errNoPictures, name)
	}
	for _, begin := range []string{"--f\r\n\r\n", string(a[:len(a)-2]), string(a)} {
		_, err := split(io.MultiReader(strings.NewReader(begin), io.LimitReader(endless(0), maxJPEG+maxJPEG/8)), mixed)
		assert.Error(t, err)
		assert.NotErrorIs(t, err, io.ErrUnexpectedEOF, "it has no bound")
	}
}

type endless byte

func (e endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(e)
	}
	return len(p), nil
}

// A picture is there when its last byte is, long before the next one begins, and
// so is the last one of a stream.
func TestMJPEGIsPrompt(t *testing.T) {
	picture := noisy(t, 16)
	const pause = 150 * time.Millisecond
	for name, header := range map[string]string{
		"length": fmt.Sprintf("--f\r\nContent-Length: %d\r\n\r\n", len(picture)), "no length": "--f\r\n\r\n", "JPEGs": "",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=f"); header == "" {
					w.Header()["Content-Type"] = nil
				}
				for range 3 {
					_, _ = io.WriteString(w, header+string(picture))
					_ = http.NewResponseController(w).Flush()
					if !sleep(r.Context(), pause) {
						return
					}
					_, _ = io.WriteString(w, "\r\n")
				}
			}))
			defer server.Close()
			ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
			defer cancel()
			s, err := MJPEG(server.URL, nil)(ctx)
			require.NoError(t, err)
			defer func() { _ = s.Close() }()
			begin := time.Now()
			for i := range 3 {
				f, err := s.Read(ctx)
				require.NoError(t, err)
				late := time.Since(begin) - time.Duration(i)*pause
				assert.Less(t, late, pause*2/3, "picture %d waited for the next", i)
				assert.InDelta(t, f.PTS.Seconds(), (time.Duration(i) * pause).Seconds(), 0.1)
				assert.EqualValues(t, i, f.Index)
			}
			_, err = s.Read(ctx)
			assert.ErrorIs(t, err, io.EOF)
		})
	}
}

// Frames that were closed lend their memory to the next ones; half a picture is
// none.
func TestPicturesReuseMemory(t *testing.T) {
	var memory pixels
	data := noisy(t, 320)
	want, err := transform.DecodeBytes(data)
	require.NoError(t, err)
	read := func() {
		f, err := memory.decode(data)
		if err != nil {
			panic(err)
		}
		f.Close()
	}
	f, err := memory.decode(data)
	require.NoError(t, err)
	assert.Equal(t, want.Pix, f.Pix)
	f.Close()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range 100 {
		read()
	}
	runtime.ReadMemStats(&after)
	if !reftest.Race { // which empties pools
		assert.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(100*len(want.Pix)/2))
	}
	cut := append(bytes.Clone(data[:len(data)/2]), 0xff, markerEOI)
	_, err = transform.DecodeBytes(cut)
	require.NoError(t, err, "Pillow passes over it")
	_, err = memory.decode(cut)
	require.Error(t, err)
}

// No stream makes the reader panic, hang or keep more than a picture.
func FuzzMJPEG(f *testing.F) {
	a := noisy(f, 16)
	f.Add("multipart/x-mixed-replace; boundary=f", []byte(part("\r\n", []string{"--f", "Content-Length: 3"}, withPreview(a, a))+"--f--"))
	f.Add("\xff\xff;boundary=x;", []byte("--x\n\n\xff\xd8\xff\xd9--x--"))
	f.Add("", append(append([]byte("x\n"), a[:len(a)/2]...), a...))
	f.Add(`multipart/x; boundary="--"`, []byte("--\n\n\xff\xd8\xff\xda\x00\x02\xff\x00\xff\xd8--\n"))
	f.Fuzz(func(t *testing.T, contentType string, data []byte) {
		p := newPictures(bytes.NewReader(data), contentType)
		for n := 0; ; n++ {
			picture, err := p.next()
			if err != nil {
				return
			}
			require.LessOrEqual(t, n, len(data), "pictures out of nothing")
			require.LessOrEqual(t, len(picture), len(data)+2)
		}
	})
}

func TestBoundaryOf(t *testing.T) {
	for contentType, want := range map[string]string{
		"":                                     "",
		"image/jpeg":                           "",
		"multipart/x-mixed-replace; boundary":  "",
		"multipart/x-mixed-replace; boundary=": "",
		`multipart/x-mixed-replace; boundary="a;b"`:   "a;b",
		`multipart/x-mixed-replace; BOUNDARY= a/b ;c`: "a/b",
	} {
		assert.Equal(t, want, boundaryOf(contentType), contentType)
	}
	assert.False(t, errors.Is(errNoPictures, io.EOF))
}
