package pictures

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"image"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/ops/transform"
)

// picture is a small PNG.
func picture(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, png.Encode(&b, image.NewGray(image.Rect(0, 0, 3, 2))))
	return b.Bytes()
}

// tree makes a folder with files: a picture where the name has an exclamation
// mark, which is left out, and else text.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		data := []byte("text")
		if strings.Contains(name, "!") {
			name, data = strings.ReplaceAll(name, "!", ""), picture(t)
		}
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, data, 0o644))
	}
	return dir
}

func find(t *testing.T, names ...string) ([]Picture, error) {
	t.Helper()
	return Find(context.Background(), names)
}

func TestFind(t *testing.T) {
	t.Chdir(tree(t, "p/b.png", "p/a.JPG", "p/in/c.webp", "p/.hidden.png", "p/.git/d.png", "p/__MACOSX/e.png", "p/Thumbs.db",
		"p/notes.txt", "p/@eaDir/f.png", "phone/1.HEIC", "phone/2.mov", "x.png", ".named.png", "odd.dat", "empty/readme.txt"))
	for _, c := range []struct {
		name        string
		args, found []string
	}{
		{"a folder, walked, without what is no picture of a person's", []string{"p"}, []string{"p/a.JPG", "p/b.png", "p/in/c.webp"}},
		{"written otherwise", []string{"./p/"}, []string{"p/a.JPG", "p/b.png", "p/in/c.webp"}},
		{"what cannot be read as well", []string{"phone"}, []string{"phone/1.HEIC"}},
		{"files, whatever they are", []string{".named.png", "odd.dat", "p/.hidden.png"}, []string{".named.png", "odd.dat", "p/.hidden.png"}},
		{"a folder that is hidden and named", []string{"p/.git"}, []string{"p/.git/d.png"}},
		{"in the order of the command line", []string{"x.png", "p/in"}, []string{"x.png", "p/in/c.webp"}},
		{"once", []string{"p/b.png", "./p/b.png", "p/in", "p/in"}, []string{"p/b.png", "p/in/c.webp"}},
		{"missing ones fail later", []string{"x.png", "nowhere.png"}, []string{"x.png", "nowhere.png: no such file or directory"}},
		{"empty ones too", []string{"x.png", "empty"}, []string{"x.png", "empty: there are no pictures in this folder"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := find(t, c.args...)
			require.NoError(t, err)
			var got []string
			for i := range list {
				p := &list[i]
				if got = append(got, filepath.ToSlash(p.Name)); p.Broken() {
					got[i] = p.failure().Error()
				}
			}
			assert.Equal(t, c.found, got)
		})
	}
	for _, c := range []struct {
		args []string
		says string
	}{
		{nil, "name at least one image"},
		{[]string{"x.png", ""}, "an empty path"},
		{[]string{"nowhere"}, "nowhere: no such file"},
		{[]string{"nowhere", "neither"}, "nowhere: no such file or directory, and 1 more like it"},
		{[]string{"empty"}, "empty: there are no pictures in this folder"},
	} {
		_, err := find(t, c.args...)
		assert.ErrorContains(t, err, c.says)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Find(ctx, []string{"p"})
	assert.ErrorIs(t, err, context.Canceled)
}

// A link is what it leads to; one that leads back, or nowhere, does not lead
// astray.
func TestLinks(t *testing.T) {
	dir, far := tree(t, "a.png"), tree(t, "cat/c.png", "note.txt")
	for link, to := range map[string]string{
		"far": far, "loop": dir, "l.png": filepath.Join(dir, "a.png"), "gone.png": "nowhere", "note": filepath.Join(far, "note.txt"),
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Skip(err)
		}
	}
	root := filepath.Join(t.TempDir(), "root")
	require.NoError(t, os.Symlink(dir, root))
	list, err := find(t, root)
	require.NoError(t, err)
	var names []string
	for i := range list {
		names = append(names, strings.TrimPrefix(list[i].Name, root))
	}
	assert.Equal(t, []string{"/a.png", "/far/cat/c.png", "/gone.png", "/l.png"}, names)
	assert.True(t, list[2].Broken())
	assert.Equal(t, "cat", list[1].Class)
}

// archiveOf writes a .tar.gz of the files, and cuts so many bytes off.
func archiveOf(t *testing.T, cut int, names ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, name := range names {
		data := picture(t)
		require.NoError(t, w.WriteHeader(&tar.Header{Name: name, Size: int64(len(data)), Mode: 0o644, Typeflag: tar.TypeReg}))
		_, err := w.Write(data)
		require.NoError(t, err)
		require.NoError(t, w.Flush())
		require.NoError(t, z.Flush())
	}
	require.NoError(t, w.Close())
	require.NoError(t, z.Close())
	path := filepath.Join(t.TempDir(), "set.tar.gz")
	require.NoError(t, os.WriteFile(path, b.Bytes()[:b.Len()-cut], 0o644))
	return path
}

func TestArchive(t *testing.T) {
	path := archiveOf(t, 0, "set/cat/1.png", "set/readme.txt", "__MACOSX/set/cat/._1.png", "../../etc/2.png", "set/dog/1.png")
	other := tree(t, "bird/3!.png")
	list, err := find(t, path, other, path)
	require.NoError(t, err)
	require.Len(t, list, 4)
	assert.Equal(t, path+"/set/cat/1.png", list[0].Name)
	assert.Equal(t, path+"/etc/2.png", list[1].Name, "it leads nowhere else")
	var visited []string
	j := job(list, func(p *Picture, img *transform.RGB) error {
		assert.Equal(t, image.Pt(3, 2), img.Bounds().Size())
		visited = append(visited, p.Class+" "+p.Stem)
		return nil
	})
	require.NoError(t, j.Run(context.Background()))
	assert.Equal(t, []string{"cat cat_1", "etc 2", "dog dog_1", "bird 3"}, visited)
	assert.Equal(t, []string{path, filepath.Join(other, "bird", "3.png")}, Files(list))

	t.Run("broken off", func(t *testing.T) {
		list, err := find(t, archiveOf(t, 60, "a/1.png", "a/2.png", "a/3.png"))
		require.NoError(t, err)
		n := len(list)
		assert.Greater(t, n, 1)
		assert.True(t, list[n-1].Broken())
		assert.ErrorIs(t, list[n-1].err, io.ErrUnexpectedEOF)
	})
	t.Run("without pictures", func(t *testing.T) {
		_, err := find(t, archiveOf(t, 0, "readme.txt"))
		assert.ErrorContains(t, err, "there are no pictures in this archive")
	})
	t.Run("none", func(t *testing.T) {
		_, err := find(t, filepath.Join(tree(t, "x.tgz"), "x.tgz"))
		assert.ErrorContains(t, err, "unexpected EOF")
	})
}

// job visits pictures silently.
func job(list []Picture, visit func(*Picture, *transform.RGB) error) *Job {
	return &Job{
		Program: "test", Pictures: list, MaxBad: -1, Log: io.Discard,
		Visit: visit, Failed: func(*Picture, error) error { return nil },
	}
}

// A bad picture is a warning and a line in the results, and the others are
// visited, up to a number of bad ones.
func TestRun(t *testing.T) {
	list, err := find(t, tree(t, "1!.png", "2.png", "3!.png", "4.png", "5!.png"))
	require.NoError(t, err)
	own := errors.New("own")
	for _, c := range []struct {
		name    string
		maxBad  int
		visit   error // of the third
		visited int
		failed  []string
		says    string
	}{
		{"all", -1, nil, 3, []string{"2.png", "4.png"}, "2 of 5 pictures failed"},
		{"as many as may be", 2, nil, 3, []string{"2.png", "4.png"}, "2 of 5 pictures failed"},
		{"too many", 1, nil, 2, []string{"2.png", "4.png"}, "stopped after 4 of 5 pictures, 2 of which failed (-max-bad 1)"},
		{"none may", 0, nil, 1, []string{"2.png"}, "stopped after 2 of 5 pictures, 1 of which failed (-max-bad 0)"},
		{"its own error", -1, own, 3, []string{"2.png", "3.png", "4.png"}, "3 of 5 pictures failed"},
		{"a fatal error", -1, Fatal(own), 2, []string{"2.png"}, "own"},
		{"a wrong number", -2, nil, 0, nil, "-max-bad -2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			var failed []string
			visited := 0
			j := job(list, func(p *Picture, _ *transform.RGB) error {
				visited++
				if p.Index == 2 {
					return c.visit
				}
				return nil
			})
			j.MaxBad, j.Log = c.maxBad, &log
			j.Failed = func(p *Picture, err error) error { failed = append(failed, p.Label); return nil }
			assert.ErrorContains(t, j.Run(context.Background()), c.says)
			assert.Equal(t, c.visited, visited)
			assert.Equal(t, c.failed, failed)
			assert.Equal(t, len(failed), strings.Count(log.String(), "\n"), log.String())
			for _, label := range failed {
				assert.Regexp(t, `(?m)^test: .*`+label+`: .+$`, log.String())
			}
		})
	}
}

// Ctrl-C ends the job between pictures and in one, which does not count as bad.
func TestRunInterrupted(t *testing.T) {
	list, err := find(t, tree(t, "1!.png", "2!.png"))
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	j := job(list, func(*Picture, *transform.RGB) error { cancel(); return ctx.Err() })
	j.Failed = func(p *Picture, err error) error { t.Errorf("%s: %v", p.Name, err); return nil }
	assert.ErrorIs(t, j.Run(ctx), context.Canceled)
	visited := 0
	j.Visit = func(*Picture, *transform.RGB) error { visited++; return nil }
	assert.ErrorIs(t, j.Run(ctx), context.Canceled)
	assert.Zero(t, visited)
}

// What cannot write its results stops.
func TestRunWithoutResults(t *testing.T) {
	list, err := find(t, tree(t, "1!.png", "2.png", "3!.png"))
	require.NoError(t, err)
	full := errors.New("disk full")
	visited := 0
	j := job(list, func(*Picture, *transform.RGB) error { visited++; return nil })
	j.Failed = func(*Picture, error) error { return full }
	assert.ErrorIs(t, j.Run(context.Background()), full)
	assert.Equal(t, 1, visited)
}
