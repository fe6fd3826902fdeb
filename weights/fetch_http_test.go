package weights

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/pkg/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Every byte is sent once, although the connection breaks three times.
func TestFetchResumes(t *testing.T) {
	data := content(1, 1_000_000)
	ck := checkpointOf(data)
	s := serve(t, ck, func(n int, w http.ResponseWriter, r *http.Request) {
		if n < 3 {
			broken(w, r, data, `"a"`, 300_000)
		}
		whole(w, r, data, `"a"`)
	})
	path, err := from(t, s).fetch(context.Background(), ck)
	requireFetched(t, path, err, data)
	assert.Equal(t, []request{
		{"", "", 300_000},
		{"bytes=300000-", `"a"`, 300_000},
		{"bytes=600000-", `"a"`, 300_000},
		{"bytes=900000-", `"a"`, 100_000},
	}, s.seen())
}

// A later process resumes what an earlier one left.
func TestFetchCancelAndResume(t *testing.T) {
	data := content(1, 1_000_000)
	ck := checkpointOf(data)
	release := make(chan struct{})
	s := serve(t, ck, func(n int, w http.ResponseWriter, r *http.Request) {
		if n > 0 {
			whole(w, r, data, `"a"`)
			return
		}
		w.Header().Set("ETag", `"a"`)
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		_, _ = w.Write(data[:400_000])
		_ = http.NewResponseController(w).Flush()
		<-release
	})
	defer close(release)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	f := from(t, s)
	var cancelled time.Time
	f.progress = func(p Progress) {
		if p.Done == 400_000 && cancelled.IsZero() {
			cancelled = time.Now()
			cancel()
		}
	}
	_, err := f.fetch(ctx, ck)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, ErrFetch)
	assert.Less(t, time.Since(cancelled), 2*time.Second)

	f.progress = nil
	path, err := f.fetch(context.Background(), ck)
	requireFetched(t, path, err, data)
	assert.Equal(t, request{"bytes=400000-", `"a"`, 600_000}, s.seen()[1])
}

// Whatever a part holds and whatever the server makes of it, the result is the
// server's present file.
func TestFetchStartsOver(t *testing.T) {
	data, old := content(1, 500_000), content(2, 500_000)
	ck := checkpointOf(data)
	const all = 500_000
	noRange := func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
		_, _ = w.Write(data)
	}
	good := func(w http.ResponseWriter, r *http.Request) { whole(w, r, data, `"a"`) }
	rangeAs := func(header string) func(http.ResponseWriter, *http.Request) {
		return func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Range") == "" {
				good(w, r)
				return
			}
			w.Header().Set("Content-Range", header)
			w.WriteHeader(http.StatusPartialContent)
		}
	}
	for _, c := range []struct {
		name   string
		part   []byte
		state  partState // Source is filled in
		answer func(w http.ResponseWriter, r *http.Request)
		sent   []int
	}{
		{"resumes", data[:100_000], partState{Validator: `"a"`, Total: all}, good, []int{400_000}},
		{"total unknown before", data[:100_000], partState{Validator: `"a"`, Total: -1}, good, []int{400_000}},
		{"complete", data, partState{Validator: `"a"`, Total: all}, good, nil},
		{"complete, not known to be", data, partState{Validator: `"a"`, Total: -1}, good, []int{-1}},
		{"complete, but wrong", old, partState{Validator: `"a"`, Total: all}, good, []int{all}},
		{"the server knows no ranges", data[:100_000], partState{Validator: `"a"`, Total: all}, noRange, []int{all}},
		{"the file has changed", old[:100_000], partState{Validator: `"b"`, Total: all}, good, []int{all}},
		{"the file has changed, no validator", old[:100_000], partState{Total: all}, good, []int{400_000, all}},
		{"the server ignores If-Range", old[:100_000], partState{Validator: `"b"`, Total: all}, func(w http.ResponseWriter, r *http.Request) {
			r.Header.Del("If-Range")
			good(w, r)
		}, []int{-1, all}},
		{"the file is shorter now", content(2, 600_000), partState{Total: 700_000}, good, []int{-1, all}},
		{"the part is too long", content(2, 600_000), partState{Total: all}, good, []int{all}},
		{"another total", old[:100_000], partState{Total: 700_000}, good, []int{-1, all}},
		{"another range than asked for", data[:100_000], partState{Total: all}, rangeAs("bytes 0-499999/500000"), []int{0, all}},
		{"from elsewhere", old[:100_000], partState{Source: "https://other.invalid/", Total: all}, good, []int{all}},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, ck, func(_ int, w http.ResponseWriter, r *http.Request) { c.answer(w, r) })
			f := from(t, s)
			if c.state.Source == "" {
				c.state.Source = s.URL + "/models/" + ck.File()
			}
			leavePart(t, filepath.Join(f.cacheDir, ck.File()), c.part, c.state)
			path, err := f.fetch(context.Background(), ck)
			requireFetched(t, path, err, data)
			seen := s.seen()
			require.Len(t, seen, len(c.sent), "%v", seen)
			for i, want := range c.sent {
				if want >= 0 { // else however much the server got rid of before the connection closed
					assert.Equal(t, want, seen[i].sent, "request %d: %v", i, seen)
				}
			}
		})
	}
}

// leavePart puts a part where an earlier download would have.
func leavePart(t *testing.T, path string, data []byte, state partState) {
	t.Helper()
	p, err := openPart(path+".part", state.Source)
	require.NoError(t, err)
	require.NoError(t, p.restart(state.Validator, state.Total))
	_, err = p.Write(data)
	require.NoError(t, err)
	require.NoError(t, p.close())
}

func TestFetchStatus(t *testing.T) {
	data := content(1, 3000)
	ck := checkpointOf(data)
	for _, c := range []struct {
		first    []int // the first answers; after them the file
		requests int
		message  string
	}{
		{[]int{500}, 2, ""},
		{[]int{502, 503, 504}, 4, ""},
		{[]int{429, 408}, 3, ""},
		{[]int{500, 500, 500, 500}, 4, "gave up after 4 attempts: the server answered 500 Internal Server Error"},
		{[]int{500, 404}, 2, "the server answered 404 Not Found"},
		{[]int{404}, 1, baseEnv},
		{[]int{403}, 1, "403 Forbidden"},
		{[]int{401}, 1, "401 Unauthorized"},
		{[]int{206}, 1, "206 Partial Content"},
		{[]int{416}, 1, "416"},
		{[]int{204}, 1, "204 No Content"},
		{[]int{301}, 1, "301 Moved Permanently"},
	} {
		t.Run(fmt.Sprint(c.first), func(t *testing.T) {
			s := serve(t, ck, func(n int, w http.ResponseWriter, r *http.Request) {
				if n < len(c.first) {
					w.WriteHeader(c.first[n])
					return
				}
				whole(w, r, data, `"a"`)
			})
			path, err := from(t, s).fetch(context.Background(), ck)
			assert.Len(t, s.seen(), c.requests)
			if c.message == "" {
				requireFetched(t, path, err, data)
				return
			}
			require.ErrorIs(t, err, ErrFetch)
			assert.ErrorContains(t, err, c.message)
			assert.ErrorContains(t, err, s.URL)
		})
	}
}

func TestFetchRedirect(t *testing.T) {
	data := content(1, 3000)
	ck := checkpointOf(data)
	s := serve(t, ck, func(n int, w http.ResponseWriter, r *http.Request) { whole(w, r, data, `"a"`) })
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, s.URL+r.URL.Path, http.StatusFound)
	}))
	defer front.Close()
	path, err := quick(WithCacheDir(t.TempDir()), WithBaseURL(front.URL+"/models/")).fetch(context.Background(), ck)
	requireFetched(t, path, err, data)
}

func TestFetchRefusesRedirects(t *testing.T) {
	ck := checkpointOf(nil)
	s := serve(t, ck, func(_ int, w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	})
	_, err := from(t, s).fetch(context.Background(), ck)
	require.ErrorIs(t, err, errRedirect)
	assert.Len(t, s.seen(), 10, "in circles, once")

	secure := httptest.NewTLSServer(http.RedirectHandler(s.URL, http.StatusFound))
	defer secure.Close()
	client := secure.Client()
	client.CheckRedirect = defaultClient.CheckRedirect
	_, err = quick(WithCacheDir(t.TempDir()), WithBaseURL(secure.URL), WithHTTPClient(client)).fetch(context.Background(), ck)
	require.ErrorIs(t, err, errRedirect)
	assert.ErrorContains(t, err, "from https to http://")
}

// Certificates are not tried twice.
func TestFetchUnknownAuthority(t *testing.T) {
	requests := 0
	secure := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { requests++ }))
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	defer secure.Close()
	_, err := quick(WithCacheDir(t.TempDir()), WithBaseURL(secure.URL)).fetch(context.Background(), checkpointOf(nil))
	require.ErrorContains(t, err, "certificate")
	assert.NotContains(t, err.Error(), "gave up")
	assert.Zero(t, requests)
}

func TestFetchNobodyListens(t *testing.T) {
	s := httptest.NewServer(nil)
	s.Close()
	_, err := quick(WithCacheDir(t.TempDir()), WithBaseURL(s.URL)).fetch(context.Background(), checkpointOf(nil))
	require.ErrorIs(t, err, ErrFetch)
	assert.ErrorContains(t, err, "gave up after 4 attempts")
}

// A connection is given up when nothing comes, however long the whole takes.
func TestFetchStall(t *testing.T) {
	data := content(1, 8000)
	ck := checkpointOf(data)
	s := serve(t, ck, func(n int, w http.ResponseWriter, r *http.Request) {
		switch n {
		case 0: // before the headers
			<-r.Context().Done()
		case 1: // in the body
			w.Header().Set("ETag", `"a"`)
			w.Header().Set("Content-Length", fmt.Sprint(len(data)))
			_, _ = w.Write(data[:1000])
			_ = http.NewResponseController(w).Flush()
			<-r.Context().Done()
		case 2:
			whole(w, r, data, `"a"`)
		}
	})
	f := from(t, s)
	f.idle = 200 * time.Millisecond
	path, err := f.fetch(context.Background(), ck)
	requireFetched(t, path, err, data)
	assert.Equal(t, request{"bytes=1000-", `"a"`, 7000}, s.seen()[2])

	f = from(t, serve(t, ck, func(_ int, _ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	f.idle, f.attempts = 20*time.Millisecond, 2
	_, err = f.fetch(context.Background(), ck)
	require.ErrorIs(t, err, errStalled)
	assert.ErrorContains(t, err, "no byte for 20ms")
}

func TestFetchSlowServer(t *testing.T) {
	data := content(1, 8000)
	ck := checkpointOf(data)
	s := serve(t, ck, func(_ int, w http.ResponseWriter, r *http.Request) {
		for i := range 8 {
			_, _ = w.Write(data[1000*i:][:1000])
			_ = http.NewResponseController(w).Flush()
			time.Sleep(100 * time.Millisecond)
		}
	})
	f := from(t, s)
	f.idle = 600 * time.Millisecond
	path, err := f.fetch(context.Background(), ck)
	requireFetched(t, path, err, data)
	assert.Len(t, s.seen(), 1)
}

// Attempts are only counted while they get nowhere new.
func TestFetchHeadway(t *testing.T) {
	data := content(1, 5*headway)
	ck := checkpointOf(data)
	s := serve(t, ck, func(_ int, w http.ResponseWriter, r *http.Request) { broken(w, r, data, `"a"`, headway) })
	f := from(t, s)
	f.attempts = 2
	path, err := f.fetch(context.Background(), ck)
	requireFetched(t, path, err, data)

	s = serve(t, ck, func(_ int, w http.ResponseWriter, r *http.Request) {
		r.Header.Del("Range") // so that it breaks in the same place every time
		broken(w, r, data, `"a"`, 2*headway)
	})
	f = from(t, s)
	f.attempts = 3
	_, err = f.fetch(context.Background(), ck)
	assert.ErrorContains(t, err, "gave up after 3 attempts")
	assert.Len(t, s.seen(), 3)
}

// A server cannot fill the disk.
func TestFetchTooLarge(t *testing.T) {
	ck := checkpointOf(nil)
	for name, answer := range map[string]func(w http.ResponseWriter){
		"announced": func(w http.ResponseWriter) { w.Header().Set("Content-Length", fmt.Sprint(sizeLimit(ck)+1)) },
		"endless": func(w http.ResponseWriter) {
			block := make([]byte, 1<<20)
			for range 1000 {
				if _, err := w.Write(block); err != nil {
					return
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := serve(t, ck, func(_ int, w http.ResponseWriter, _ *http.Request) { answer(w) })
			_, err := from(t, s).fetch(context.Background(), ck)
			require.ErrorIs(t, err, ErrFetch)
			assert.ErrorContains(t, err, fmt.Sprint(sizeLimit(ck)))
			assert.Len(t, s.seen(), 1)
		})
	}
}

// A full disk is not the connection's fault: no other attempt is made.
func TestAppendBodyDiskFull(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_RDWR, 0)
	if err != nil {
		t.Skip("this system has no /dev/full")
	}
	p := &part{file: full, partState: partState{Total: 10}}
	defer p.close()
	err = (&httpSource{limit: 10}).appendBody(context.Background(), bytes.NewReader(make([]byte, 10)), p, &reporter{}, func() {})
	require.ErrorContains(t, err, "no space left")
	var again *temporaryError
	assert.False(t, errors.As(err, &again))
}

// A server may give less than was asked for.
func TestFetchShortRanges(t *testing.T) {
	data := content(1, 9000)
	ck := checkpointOf(data)
	s := serve(t, ck, func(n int, w http.ResponseWriter, r *http.Request) {
		if n == 0 {
			broken(w, r, data, `"a"`, 3000)
		}
		from := len(data) / 3 * n
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", from, from+len(data)/3-1))
		whole(w, r, data, `"a"`)
	})
	path, err := from(t, s).fetch(context.Background(), ck)
	requireFetched(t, path, err, data)
	assert.Len(t, s.seen(), 3)
}

func TestFetchBadContentRange(t *testing.T) {
	data := content(1, 9000)
	ck := checkpointOf(data)
	for header, message := range map[string]string{
		"": "expected a Content-Range",
		fmt.Sprintf("bytes 3000-3999/%d", sizeLimit(ck)+1): "expected at most",
	} {
		s := serve(t, ck, func(_ int, w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Range", header)
			w.WriteHeader(http.StatusPartialContent)
		})
		f := from(t, s)
		leavePart(t, filepath.Join(f.cacheDir, ck.File()), data[:3000], partState{Source: s.URL + "/models/" + ck.File(), Total: -1})
		_, err := f.fetch(context.Background(), ck)
		require.ErrorIs(t, err, ErrFetch)
		assert.ErrorContains(t, err, message)
		assert.Len(t, s.seen(), 1)
	}
}

func TestTransportError(t *testing.T) {
	ctx := context.Background()
	for _, c := range []struct {
		err   error
		final bool
	}{
		{&net.DNSError{Err: "no such host", IsNotFound: true}, true},
		{&net.DNSError{Err: "server misbehaving", IsTemporary: true}, false},
		{tls.RecordHeaderError{Msg: "not TLS"}, true},
		{io.ErrUnexpectedEOF, false},
		{syscall.ECONNRESET, false},
	} {
		wrapped := &url.Error{Op: "Get", URL: "https://host/?token=secret", Err: c.err}
		err := transportError(ctx, wrapped)
		var again *temporaryError
		assert.Equal(t, c.final, !errors.As(err, &again), "%v", c.err)
		assert.ErrorIs(t, err, c.err)
		assert.NotContains(t, err.Error(), "secret")
	}
	assert.ErrorContains(t, transportError(ctx, &net.DNSError{IsNotFound: true}), baseEnv)
}

func TestRetryAfter(t *testing.T) {
	for header, want := range map[string]time.Duration{"": 0, "3": 3 * time.Second, "9999999999": longestWait, "-1": 0, "Fri, 31 Dec 1999 23:59:59 GMT": 0} {
		assert.Equal(t, want, retryAfter(http.Header{"Retry-After": {header}}), header)
	}
}

func TestRetryWait(t *testing.T) {
	r := retryPolicy{backoff: time.Second}
	for failures, most := range []time.Duration{1: 1, 2: 2, 3: 4, 5: 16, 9: 30, 1000: 30} {
		if most > 0 {
			d := r.wait(failures)
			assert.LessOrEqual(t, d, most*time.Second)
			assert.GreaterOrEqual(t, d, most*time.Second/2)
		}
	}
	assert.Zero(t, retryPolicy{}.wait(3))
}

func TestValidator(t *testing.T) {
	date := "Mon, 02 Jan 2006 15:04:05 GMT"
	assert.Equal(t, `"a"`, validator(http.Header{"Etag": {`"a"`}, "Last-Modified": {date}}))
	assert.Equal(t, date, validator(http.Header{"Etag": {`W/"a"`}, "Last-Modified": {date}}))
	assert.Empty(t, validator(http.Header{"Etag": {`W/"a"`}}))
}

func TestParseContentRange(t *testing.T) {
	for _, c := range []struct {
		header       string
		start, total int64
		ok           bool
	}{
		{"bytes 0-0/1", 0, 1, true},
		{"bytes 10-99/100", 10, 100, true},
		{"bytes 10-99/*", 10, -1, true},
		{"bytes 10-99/99", 0, 0, false},
		{"bytes 10-9/100", 0, 0, false},
		{"bytes -1-9/100", 0, 0, false},
		{"bytes */100", 0, 0, false},
		{"bytes 10-99/99999999999999999999", 0, 0, false},
		{"lines 10-99/100", 0, 0, false},
		{"", 0, 0, false},
	} {
		start, total, err := parseContentRange(c.header)
		assert.Equal(t, c.ok, err == nil, c.header)
		assert.Equal(t, [2]int64{c.start, c.total}, [2]int64{start, total}, c.header)
	}
}

func FuzzContentRange(f *testing.F) {
	for _, seed := range []string{"bytes 10-99/100", "bytes 10-99/*", "bytes */7", "bytes 0-9223372036854775807/9223372036854775808", "bytes"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, header string) {
		start, total, err := parseContentRange(header)
		if err == nil && (start < 0 || total >= 0 && start >= total) {
			t.Fatalf("%q: start %d, total %d", header, start, total)
		}
	})
}
