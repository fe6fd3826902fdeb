package weights

import (
	"bufio"
	"context"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestCacheDir(t *testing.T) {
	t.Setenv("VERTEBRA_CACHE", "from the environment")
	dir, err := cacheDir("from the option")
	require.NoError(t, err)
	assert.Equal(t, "from the option", dir)
	dir, err = cacheDir("")
	require.NoError(t, err)
	assert.Equal(t, "from the environment", dir)

	if runtime.GOOS != "linux" {
		return // each system has its own variables for the rest
	}
	t.Setenv("VERTEBRA_CACHE", "")
	t.Setenv("XDG_CACHE_HOME", "/caches")
	dir, err = cacheDir("")
	require.NoError(t, err)
	assert.Equal(t, "/caches/vertebra/checkpoints", dir)
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	_, err = Fetch(context.Background(), "resnet18")
	require.ErrorIs(t, err, ErrFetch)
	assert.ErrorContains(t, err, "set VERTEBRA_CACHE")
}

// What is in the cache is used if it is right and replaced if it is not.
func TestCachedFile(t *testing.T) {
	data := content(1, 3000)
	ck := checkpointOf(data)
	for _, c := range []struct {
		name     string
		spoil    func(t *testing.T, path string)
		requests int
	}{
		{"untouched", func(*testing.T, string) {}, 0},
		{"put there by hand", func(t *testing.T, path string) { require.NoError(t, os.Remove(path+".verified")) }, 0},
		{"touched", func(t *testing.T, path string) { require.NoError(t, os.Chtimes(path, time.Now(), time.Unix(1e9, 0))) }, 0},
		{"a stamp of nonsense", func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path+".verified", []byte(`{"size":"x"`), 0o666))
		}, 0},
		{"cut short", func(t *testing.T, path string) { require.NoError(t, os.Truncate(path, 2999)) }, 1},
		{"another file", func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, content(2, 3000), 0o666))
			require.NoError(t, os.Chtimes(path, time.Now(), time.Unix(1e9, 0)))
		}, 1},
		{"another checkpoint's stamp", func(t *testing.T, path string) {
			require.NoError(t, os.WriteFile(path, content(2, 3000), 0o666))
			info, err := os.Stat(path)
			require.NoError(t, err)
			entry{path: path}.writeStamp(info, "00")
		}, 1},
		{"gone", func(t *testing.T, path string) { require.NoError(t, os.Remove(path)) }, 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, ck, func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r, data, `"a"`) })
			f := from(t, s)
			path, err := f.fetch(context.Background(), ck)
			require.NoError(t, err)
			c.spoil(t, path)
			for range 2 {
				path, err = f.fetch(context.Background(), ck)
				requireFetched(t, path, err, data)
			}
			assert.Len(t, s.seen(), 1+c.requests)
		})
	}
}

func TestCachedFileCancelled(t *testing.T) {
	data := content(1, 3000)
	ck := checkpointOf(data)
	f := quick(WithCacheDir(t.TempDir()))
	require.NoError(t, os.WriteFile(filepath.Join(f.cacheDir, ck.File()), data, 0o666))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := f.fetch(ctx, ck)
	require.ErrorIs(t, err, context.Canceled, "while hashing")
}

// A process that was killed leaves its lock's file; that locks nothing.
func TestStaleLock(t *testing.T) {
	data := content(1, 3000)
	ck := checkpointOf(data)
	s := serve(t, ck, func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r, data, `"a"`) })
	f := from(t, s)
	e := entry{path: filepath.Join(f.cacheDir, ck.File())}
	require.NoError(t, os.WriteFile(e.lockPath(), []byte("left behind"), 0o666))
	path, err := f.fetch(context.Background(), ck)
	requireFetched(t, path, err, data)
}

// Another process that downloads is waited for, until it ends or is killed.
func TestLockOfAnotherProcess(t *testing.T) {
	if runtime.GOOS == "js" || runtime.GOOS == "wasip1" {
		t.Skip("no processes")
	}
	data := content(1, 3000)
	ck := checkpointOf(data)
	s := serve(t, ck, func(_ int, w http.ResponseWriter, r *http.Request) { whole(w, r, data, `"a"`) })
	f := from(t, s)
	e := entry{path: filepath.Join(f.cacheDir, ck.File())}

	other := exec.Command(os.Args[0], "-test.run=^TestHoldLock$")
	other.Env = append(os.Environ(), "VERTEBRA_TEST_HOLD_LOCK="+e.lockPath())
	out, err := other.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, other.Start())
	defer func() { _ = other.Process.Kill() }()
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	if line != "locked\n" {
		t.Skip("no locks here: " + line)
	}

	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err = f.fetch(ctx, ck)
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.ErrorContains(t, err, "waiting for another download")
	assert.Empty(t, s.seen())

	require.NoError(t, other.Process.Kill())
	_ = other.Wait()
	path, err := f.fetch(context.Background(), ck)
	requireFetched(t, path, err, data)
}

// TestHoldLock is the other process.
func TestHoldLock(t *testing.T) {
	path := os.Getenv("VERTEBRA_TEST_HOLD_LOCK")
	if path == "" {
		t.Skip("only run by TestLockOfAnotherProcess")
	}
	if _, err := tryLock(path); err != nil {
		os.Stdout.WriteString(err.Error() + "\n")
		return
	}
	os.Stdout.WriteString("locked\n")
	time.Sleep(time.Minute)
}

func TestGateCancelled(t *testing.T) {
	leave, err := enter(context.Background(), "some path")
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	_, err = enter(ctx, "some path")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	leave()
	leave, err = enter(context.Background(), "some path")
	require.NoError(t, err)
	leave()
}

// Whatever lies in a part's place, opening it gives a part whose bytes are
// counted and belong to a note of the same source.
func FuzzOpenPart(f *testing.F) {
	f.Add([]byte(`{"source":"a","validator":"\"x\"","total":10}`), []byte("12345"))
	f.Add([]byte(`{"source":"a","total":3}`), []byte("12345"))
	f.Add([]byte(`{"source":"b","total":10}`), []byte("12345"))
	f.Add([]byte(`{"source":1}`), []byte("12345"))
	f.Add([]byte(`{"source":"a","total":-9}`), []byte{})
	f.Add([]byte(``), []byte("1"))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, state, data []byte) {
		path := filepath.Join(dir, "x.part")
		require.NoError(t, os.WriteFile(path, data, 0o666))
		require.NoError(t, os.WriteFile(statePath(path), state, 0o666))
		p, err := openPart(path, "a")
		require.NoError(t, err)
		defer p.remove()
		assert.Equal(t, "a", p.Source)
		assert.Contains(t, []int64{0, int64(len(data))}, p.size)
		assert.Equal(t, p.size > 0, p.resumed)
		if p.Total >= 0 {
			assert.LessOrEqual(t, p.size, p.Total)
		}
		_, err = p.Write([]byte("more"))
		require.NoError(t, err)
		info, err := os.Stat(path)
		require.NoError(t, err)
		assert.Equal(t, p.size, info.Size())
	})
}
