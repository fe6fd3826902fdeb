package video

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image/jpeg"
	"io"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/ops/transform"
)

func jpegOf(t testing.TB, width int) []byte {
	t.Helper()
	m, err := transform.NewRGB(width, 16)
	require.NoError(t, err)
	var b bytes.Buffer
	require.NoError(t, jpeg.Encode(&b, m, nil))
	return b.Bytes()
}

// flaky is a camera that in its connections stalls, cuts a picture in two,
// sends a damaged one, answers with an error, changes its size, and then ends
// properly each time.
func flaky(t testing.TB, connections *atomic.Int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := connections.Add(1)
		if n == 3 {
			http.Error(w, "busy", http.StatusServiceUnavailable)
			return
		}
		w.Header().Set("Content-Type", "multipart/x-mixed-replace; boundary=--frame") // as many cameras do
		send := func(data []byte, length int) {
			_, _ = fmt.Fprintf(w, "--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%s\r\n", length, data)
			_ = http.NewResponseController(w).Flush()
		}
		picture := jpegOf(t, 16)
		for range 4 {
			send(picture, len(picture))
		}
		switch n {
		case 1: // stalls
			<-r.Context().Done()
		case 2: // is cut
			send(picture[:len(picture)/2], len(picture))
			panic(http.ErrAbortHandler)
		case 4: // one is damaged
			send([]byte("no picture"), 10)
			send(picture, len(picture))
		case 5: // another size
			picture = jpegOf(t, 32)
			send(picture, len(picture))
		}
		_, _ = io.WriteString(w, "--frame--\r\n")
	})
}

func TestFlakyMJPEG(t *testing.T) {
	var connections atomic.Int64
	server := httptest.NewServer(flaky(t, &connections))
	defer server.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	p, err := New(Config{
		Inputs: []Input{{Name: "cam", Open: MJPEG(server.URL, nil), Stall: 300 * time.Millisecond, Reconnect: Reconnect{Initial: 5 * time.Millisecond, Max: 20 * time.Millisecond}}},
		Model:  &numberModel{}, Batch: Batching{Size: 4, Wait: 10 * time.Millisecond},
	})
	require.NoError(t, err)
	var indices []int64
	widths := map[int]int{}
	for r, err := range p.Results(ctx) {
		require.NoError(t, err)
		indices = append(indices, r.Index)
		widths[r.Frame.Width]++
		if len(indices) == 4+4+5+5+4 {
			break
		}
	}
	assert.IsIncreasing(t, indices)
	assert.Equal(t, map[int]int{16: 21, 32: 1}, widths)
	s := p.Stats().Sources[0]
	assert.EqualValues(t, 1, s.Stalls)
	assert.GreaterOrEqual(t, s.Reconnects, int64(5))
	assert.LessOrEqual(t, s.Reconnects, connections.Load())
}

func TestMJPEGErrors(t *testing.T) {
	answer := func(kind, body string) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", kind)
			_, _ = io.WriteString(w, body)
		}))
		t.Cleanup(server.Close)
		return strings.Replace(server.URL, "http://", "http://user:secret@", 1)
	}
	bad := "--f\r\n\r\nx\r\n"
	for name, c := range map[string]struct{ url, says string }{
		"no URL":    {"camera", "not an http"},
		"file":      {"file:///x", "not an http"},
		"refused":   {"http://user:secret@127.0.0.1:1/", "127.0.0.1:1"},
		"page":      {answer("text/html", "hello"), `expected multipart/x-mixed-replace or JPEGs, found "text/html"`},
		"empty":     {answer("multipart/x-mixed-replace", ""), "no frames"},
		"damaged":   {answer("multipart/x-mixed-replace; boundary=f", bad+bad+bad+"--f--\r\n"), "3 damaged pictures"},
		"no frames": {answer("multipart/x-mixed-replace; boundary=f", "--f--\r\n"), "no frames"},
	} {
		_, err := run(t, Config{Inputs: []Input{{Name: "cam", Open: MJPEG(c.url, nil), Reconnect: Reconnect{Disabled: true}}}, Model: &numberModel{}})
		require.ErrorContains(t, err, "source cam: ", name)
		assert.ErrorContains(t, err, c.says, name)
		assert.NotContains(t, err.Error(), "secret", name)
	}
}

// A browser sees the page, the pictures and the figures; a stream ends with
// the pipeline.
func TestServer(t *testing.T) {
	s := NewServer()
	address := make(chan net.Addr, 1)
	p, err := New(Config{
		Inputs:   []Input{{Name: "a b", Open: (&synthetic{n: 1 << 40, every: 2 * time.Millisecond, live: true, width: 64, height: 32}).opener()}},
		Model:    &numberModel{},
		Annotate: &Style{},
		Outputs:  []Output{s.Listen("127.0.0.1:0", func(a net.Addr) { address <- a })},
	})
	require.NoError(t, err)
	s.Stats = p.Stats
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- p.Run(ctx) }()
	base := "http://" + (<-address).String()
	get := func(path string) (*http.Response, string) {
		res, err := http.Get(base + path)
		require.NoError(t, err)
		defer func() { _ = res.Body.Close() }()
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res, string(body)
	}
	require.Eventually(t, func() bool { return p.Stats().Frames > 5 }, 5*time.Second, time.Millisecond)
	_, body := get("/")
	assert.Contains(t, body, "<title>Vertebra</title>")
	_, body = get("/snapshot.jpg?source=a+b")
	m, err := jpeg.Decode(strings.NewReader(body))
	require.NoError(t, err)
	assert.Equal(t, 64, m.Bounds().Dx())
	var rec Record
	_, body = get("/result")
	require.NoError(t, json.Unmarshal([]byte(body), &rec))
	assert.Equal(t, "a b", rec.Source)
	var stats struct {
		Frames int64
		Stages []struct{ Name string }
	}
	_, body = get("/stats")
	require.NoError(t, json.Unmarshal([]byte(body), &stats))
	assert.Positive(t, stats.Frames)
	res, body := get("/metrics")
	assert.Contains(t, res.Header.Get("Content-Type"), "version=0.0.4")
	requirePrometheus(t, body)
	assert.Contains(t, body, `vertebra_video_read_total{source="a b"}`)
	assert.Contains(t, body, `vertebra_video_latency_seconds{stage="model",quantile="0.99"}`)
	assert.Contains(t, p.Expvar().String(), `"mean_fps"`)
	for path, status := range map[string]int{"/x": 404, "/stream?source=x": 404, "/snapshot.jpg?source=x": 404} {
		res, _ := get(path)
		assert.Equal(t, status, res.StatusCode, path)
	}
	res, err = http.Post(base+"/", "", nil)
	require.NoError(t, err)
	assert.Equal(t, 405, res.StatusCode)
	_ = res.Body.Close()

	// The stream is what the source MJPEG reads.
	res, err = http.Get(base + "/stream")
	require.NoError(t, err)
	_, params, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	require.NoError(t, err)
	parts := multipart.NewReader(res.Body, params["boundary"])
	for range 5 {
		part, err := parts.NextPart()
		require.NoError(t, err)
		_, err = jpeg.Decode(part)
		require.NoError(t, err)
	}
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
	for range 1000 {
		if _, err = parts.NextPart(); err != nil {
			break
		}
	}
	assert.Error(t, err, "the stream goes on without its pipeline")
	_ = res.Body.Close()
}

// requirePrometheus checks the text format line by line.
func requirePrometheus(t *testing.T, text string) {
	t.Helper()
	types := map[string]bool{}
	lines := bufio.NewScanner(strings.NewReader(text))
	for lines.Scan() {
		line := lines.Text()
		if rest, ok := strings.CutPrefix(line, "# TYPE "); ok {
			types[strings.Fields(rest)[0]] = true
			continue
		}
		if strings.HasPrefix(line, "# HELP ") {
			continue
		}
		require.Regexp(t, `^[a-z_]+(\{[a-z]+="([^"\\]|\\.)*"(,[a-z]+="[^"]*")*\})? [-+0-9.e]+$`, line)
		name := strings.FieldsFunc(line, func(r rune) bool { return r == '{' || r == ' ' })[0]
		name = strings.TrimSuffix(strings.TrimSuffix(name, "_sum"), "_count")
		require.True(t, types[name], "%s has no type", name)
	}
}

func TestListenErrors(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { _ = l.Close() }()
	_, err = NewServer().Listen(l.Addr().String(), nil).Open(context.Background())
	require.ErrorIs(t, err, ErrSink)
}
