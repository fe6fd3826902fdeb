package weights

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// content is pseudo-random bytes.
func content(seed byte, size int) []byte {
	b := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

// checkpointOf describes a file as the registry would.
func checkpointOf(data []byte) *Checkpoint {
	sum := sha256.Sum256(data)
	prefix := hex.EncodeToString(sum[:4])
	return &Checkpoint{Model: "tiny", Tag: "V1", URL: "https://publisher.invalid/models/tiny-" + prefix + ".pth", SHA256Prefix: prefix}
}

// request is what a server saw of one request, and how much of the body it
// got rid of.
type request struct {
	Range, IfRange string
	sent           int
}

// server serves one checkpoint at /models/FILE, and remembers.
type server struct {
	*httptest.Server
	mu       sync.Mutex
	requests []request
}

// serve starts a server with this answer to the nth request, from 0.
func serve(t *testing.T, ck *Checkpoint, answer func(n int, w http.ResponseWriter, r *http.Request)) *server {
	t.Helper()
	s := &server{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/models/"+ck.File() {
			t.Errorf("unexpected request for %s", r.URL)
		}
		s.mu.Lock()
		n := len(s.requests)
		s.requests = append(s.requests, request{Range: r.Header.Get("Range"), IfRange: r.Header.Get("If-Range")})
		s.mu.Unlock()
		answer(n, &counter{ResponseWriter: w, count: func(sent int) {
			s.mu.Lock()
			s.requests[n].sent += sent
			s.mu.Unlock()
		}}, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) seen() []request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]request(nil), s.requests...)
}

type counter struct {
	http.ResponseWriter
	count func(int)
}

func (c *counter) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.count(n)
	return n, err
}

func (c *counter) Unwrap() http.ResponseWriter { return c.ResponseWriter }

// whole answers as a good server does: with ranges, and etag as the validator.
func whole(w http.ResponseWriter, r *http.Request, data []byte, etag string) {
	w.Header().Set("ETag", etag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// broken is a good server's answer whose connection is cut after n bytes.
func broken(w http.ResponseWriter, r *http.Request, data []byte, etag string, n int) {
	whole(&limited{w, n}, r, data, etag)
	panic(http.ErrAbortHandler)
}

type limited struct {
	http.ResponseWriter
	left int
}

func (l *limited) Write(b []byte) (int, error) {
	n, err := l.ResponseWriter.Write(b[:min(len(b), l.left)])
	if l.left -= n; l.left == 0 && err == nil {
		err = http.NewResponseController(l.ResponseWriter).Flush()
		if err == nil {
			err = http.ErrAbortHandler
		}
	}
	return n, err
}

// quick is a fetcher that loses no time in tests.
func quick(opts ...FetchOption) *fetcher {
	f := newFetcher(opts)
	f.idle, f.backoff, f.attempts, f.poll = 10*time.Second, time.Millisecond, 4, 5*time.Millisecond
	f.reportInterval = 0
	return f
}

// from is a fetcher with an empty cache and a server as its mirror.
func from(t *testing.T, s *server) *fetcher {
	return quick(WithCacheDir(t.TempDir()), WithBaseURL(s.URL+"/models"))
}

// requireFetched fails the test unless the cache has exactly the file.
func requireFetched(t *testing.T, path string, err error, data []byte) {
	t.Helper()
	require.NoError(t, err)
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	require.True(t, bytes.Equal(data, got), "the file differs")
	assert.NoFileExists(t, path+".part")
	assert.NoFileExists(t, path+".part.json")
}

func TestFetch(t *testing.T) {
	data := content(1, 300_000)
	ck := checkpointOf(data)
	s := serve(t, ck, func(n int, w http.ResponseWriter, r *http.Request) {
		assert.Regexp(t, `^vertebra/\S+$`, r.UserAgent())
		whole(w, r, data, `"a"`)
	})
	f := from(t, s)
	for range 3 {
		path, err := f.fetch(context.Background(), ck)
		requireFetched(t, path, err, data)
		assert.Equal(t, filepath.Join(f.cacheDir, ck.File()), path)
	}
	assert.Equal(t, []request{{sent: len(data)}}, s.seen(), "the second and third time it is in the cache")
}

func TestFetchConcurrently(t *testing.T) {
	data := content(1, 300_000)
	ck := checkpointOf(data)
	s := serve(t, ck, func(_ int, w http.ResponseWriter, r *http.Request) {
		time.Sleep(20 * time.Millisecond)
		whole(w, r, data, `"a"`)
	})
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			path, err := quick(WithCacheDir(dir), WithBaseURL(s.URL+"/models")).fetch(context.Background(), ck)
			if assert.NoError(t, err) {
				got, _ := os.ReadFile(path)
				assert.True(t, bytes.Equal(data, got))
			}
		})
	}
	wg.Wait()
	assert.Len(t, s.seen(), 1)
}

func TestFetchWrongHash(t *testing.T) {
	data := content(1, 3000)
	ck := checkpointOf(data)
	other := content(2, 3000)
	s := serve(t, ck, func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r, other, `"a"`) })
	f := from(t, s)
	_, err := f.fetch(context.Background(), ck)
	require.ErrorIs(t, err, ErrFetch)
	assert.ErrorContains(t, err, ck.SHA256Prefix)
	assert.ErrorContains(t, err, checkpointOf(other).SHA256Prefix)
	assert.ErrorContains(t, err, s.URL)
	assert.Len(t, s.seen(), 1)
	left, err := os.ReadDir(f.cacheDir)
	require.NoError(t, err)
	require.Len(t, left, 1)
	assert.Equal(t, ck.File()+".lock", left[0].Name())
}

// Without the system's locks, parts are private and nothing of them stays.
func TestFetchWithoutLocks(t *testing.T) {
	data := content(1, 3000)
	ck := checkpointOf(data)
	for _, c := range []struct {
		name   string
		answer func(w http.ResponseWriter, r *http.Request)
		left   []string
		err    string
	}{
		{"success", func(w http.ResponseWriter, r *http.Request) { whole(w, r, data, `"a"`) }, []string{"", ".verified"}, ""},
		{"failure", func(w http.ResponseWriter, r *http.Request) { broken(w, r, data, `"a"`, 0) }, nil, "EOF"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, ck, func(_ int, w http.ResponseWriter, r *http.Request) { c.answer(w, r) })
			f := from(t, s)
			e := entry{filepath.Join(f.cacheDir, ck.File()), ck.SHA256Prefix}
			src, err := f.source(ck)
			require.NoError(t, err)
			err = f.download(context.Background(), ck, e, src, true)
			if c.err == "" {
				require.NoError(t, err)
			} else {
				require.ErrorContains(t, err, c.err)
			}
			var left []string
			files, err := os.ReadDir(f.cacheDir)
			require.NoError(t, err)
			for _, file := range files {
				left = append(left, file.Name()[len(ck.File()):])
			}
			assert.Equal(t, c.left, left)
		})
	}
}

func TestFetchUnusableCache(t *testing.T) {
	data := content(1, 3000)
	ck := checkpointOf(data)
	s := serve(t, ck, func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r, data, `"a"`) })
	folder := t.TempDir()
	file := filepath.Join(folder, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	readOnly := filepath.Join(folder, "read-only")
	require.NoError(t, os.Mkdir(readOnly, 0o555))
	taken := filepath.Join(folder, "taken")
	require.NoError(t, os.MkdirAll(filepath.Join(taken, ck.File()), 0o777))
	lockTaken := filepath.Join(folder, "lock taken")
	require.NoError(t, os.MkdirAll(filepath.Join(lockTaken, ck.File()+".lock"), 0o777))
	partTaken := filepath.Join(folder, "part taken")
	require.NoError(t, os.MkdirAll(filepath.Join(partTaken, ck.File()+".part"), 0o777))

	for _, c := range []struct{ name, dir, message string }{
		{"a file", file, "file"},
		{"below a file", filepath.Join(file, "cache"), "file"},
		{"a folder in the file's place", taken, "expected a regular file"},
		{"a folder in the lock's place", lockTaken, cacheEnv},
		{"a folder in the part's place", partTaken, cacheEnv},
		{"read-only", readOnly, cacheEnv},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.dir == readOnly && os.WriteFile(filepath.Join(readOnly, "x"), nil, 0o666) == nil {
				t.Skip("this user may write everywhere")
			}
			_, err := quick(WithCacheDir(c.dir), WithBaseURL(s.URL+"/models")).fetch(context.Background(), ck)
			require.ErrorIs(t, err, ErrFetch)
			assert.ErrorContains(t, err, c.dir)
			assert.ErrorContains(t, err, c.message)
		})
	}
	assert.Empty(t, s.seen(), "nothing is downloaded that cannot be kept")
}

func TestFetchEnvironment(t *testing.T) {
	t.Setenv("VERTEBRA_CACHE", filepath.Join(t.TempDir(), "cache"))
	mirror := t.TempDir()
	t.Setenv("VERTEBRA_CHECKPOINT_BASE_URL", mirror)
	ck, err := Lookup("resnet18")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(mirror, ck.File()), []byte("not a checkpoint"), 0o666))

	_, err = Fetch(context.Background(), "resnet18")
	require.ErrorIs(t, err, ErrFetch)
	assert.ErrorContains(t, err, "expected one that begins with f37072fd")
	assert.ErrorContains(t, err, mirror)

	_, err = Fetch(context.Background(), "resnet18", WithBaseURL(filepath.Join(mirror, "elsewhere")))
	assert.ErrorContains(t, err, "elsewhere", "the option wins")
	_, err = Fetch(context.Background(), "resnet19")
	require.ErrorIs(t, err, ErrUnknownCheckpoint)
	assert.ErrorContains(t, err, "resnet18/IMAGENET1K_V1")
}

func TestFetchBadBaseURL(t *testing.T) {
	for _, base := range []string{"ftp://host/models", "http:///models", "https://", "http://[::1/models", "://x", "file://host\x00/x"} {
		_, err := quick(WithCacheDir(t.TempDir()), WithBaseURL(base)).fetch(context.Background(), checkpointOf(nil))
		require.ErrorIs(t, err, ErrFetch, base)
		assert.ErrorContains(t, err, "base URL", base)
	}
}

// Messages must not show a mirror's password or token.
func TestFetchHidesSecrets(t *testing.T) {
	ck := checkpointOf(content(1, 100))
	s := serve(t, ck, func(_ int, w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		assert.Equal(t, "user secret-1 token=secret-2", fmt.Sprint(user, " ", password, " ", r.URL.RawQuery))
		panic(http.ErrAbortHandler)
	})
	base := "http://user:secret-1@" + s.Listener.Addr().String() + "/models?token=secret-2"
	_, err := quick(WithCacheDir(t.TempDir()), WithBaseURL(base)).fetch(context.Background(), ck)
	require.ErrorIs(t, err, ErrFetch)
	assert.ErrorContains(t, err, s.URL)
	assert.NotContains(t, err.Error(), "secret")
}
