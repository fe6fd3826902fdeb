package weights

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestFetchFromFolder(t *testing.T) {
	data := content(1, 300_000)
	ck := checkpointOf(data)
	mirror := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(mirror, ck.File()), data, 0o666))
	slash := filepath.ToSlash(mirror)
	if slash[0] != '/' {
		slash = "/" + slash
	}
	for _, base := range []string{mirror, "file://" + slash, "FILE://localhost" + slash + "/"} {
		f := quick(WithCacheDir(t.TempDir()), WithBaseURL(base))
		path, err := f.fetch(context.Background(), ck)
		requireFetched(t, path, err, data)
		assert.Equal(t, f.cacheDir, filepath.Dir(path), "the cache has a copy")
	}
}

func TestFetchFromBadFolder(t *testing.T) {
	ck := checkpointOf([]byte("right"))
	folder := func(content string) string {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, ck.File()), []byte(content), 0o666))
		return dir
	}
	occupied := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(occupied, ck.File()), 0o777))
	large := folder("")
	require.NoError(t, os.Truncate(filepath.Join(large, ck.File()), sizeLimit(ck)+1))
	for _, c := range []struct{ name, base, message string }{
		{"wrong hash", folder("wrong"), "expected one that begins with " + ck.SHA256Prefix},
		{"empty file", folder(""), "SHA-256 of the 0 bytes"},
		{"empty folder", t.TempDir(), "lacks the file"},
		{"no folder", filepath.Join(t.TempDir(), "none"), "lacks the file"},
		{"folder in the file's place", occupied, "expected a regular file"},
		{"too large", large, "expected at most"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := quick(WithCacheDir(t.TempDir()), WithBaseURL(c.base))
			_, err := f.fetch(context.Background(), ck)
			require.ErrorIs(t, err, ErrFetch)
			assert.ErrorContains(t, err, filepath.Join(c.base, ck.File()))
			assert.ErrorContains(t, err, c.message)
			assert.NoFileExists(t, filepath.Join(f.cacheDir, ck.File()))
		})
	}
}

func TestFetchFromFolderCancelled(t *testing.T) {
	data := content(1, 300_000)
	ck := checkpointOf(data)
	mirror := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(mirror, ck.File()), data, 0o666))
	ctx, cancel := context.WithCancel(context.Background())
	f := quick(WithCacheDir(t.TempDir()), WithBaseURL(mirror), WithProgress(func(Progress) { cancel() }))
	_, err := f.fetch(ctx, ck)
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, ErrFetch)
	path, err := f.fetch(context.Background(), ck)
	requireFetched(t, path, err, data)
}

func TestLocalPath(t *testing.T) {
	for _, c := range []struct {
		host, path string
		windows    bool
		want       string // with slashes; "" is an error
	}{
		{"", "/models", false, "/models"},
		{"localhost", "/models", false, "/models"},
		{"", "/C:/models", false, "/C:/models"},
		{"models", "/x", false, ""},
		{"", "/C:/models", true, "C:/models"},
		{"server", "/share/models", true, "//server/share/models"},
		{"localhost", "/C:/models", true, "C:/models"},
	} {
		got, err := localPath(c.host, c.path, c.windows)
		assert.Equal(t, c.want, filepath.ToSlash(got))
		if c.want == "" {
			assert.ErrorContains(t, err, `found the host "models"`)
			assert.ErrorContains(t, err, "file:///models/x")
		}
	}
}
