package results

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestGuard(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write := func(path, text string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	write("in/a.png", "a")
	write("in/b.png", "b")
	write("old/a.png", "a result of an earlier run")
	require.NoError(t, os.Symlink("in", "link"))
	require.NoError(t, os.Symlink("in/a.png", "a-link.png"))
	require.NoError(t, os.Link("in/b.png", "b-hard.png"))
	for _, c := range []struct {
		name   string
		writes []string
		says   string
	}{
		{"new folders", []string{"out/deep/a.png", "out/deep/b.png", "other/a.png"}, ""},
		{"earlier results", []string{"old/a.png"}, ""},
		{"a device, twice", []string{os.DevNull, os.DevNull}, ""},
		{"an input", []string{"in/a.png"}, "-out would write over in/a.png, which this run reads"},
		{"an input, written otherwise", []string{filepath.Join(dir, "in/../in/b.png")}, "which this run reads"},
		{"through a folder's link", []string{"link/a.png"}, "which this run reads"},
		{"through a link", []string{"a-link.png"}, "which this run reads"},
		{"a hard link", []string{"b-hard.png"}, "which this run reads"},
		{"a folder", []string{"in"}, "-out would write in, which is a folder"},
		{"twice", []string{"x/y.png", "./x/y.png"}, "-out would write both x/y.png and ./x/y.png, which are one file"},
		{"twice, by case", []string{"x/y.png", "x/Y.png"}, "which are one file"},
		{"twice, through a link", []string{"in/new.png", "link/new.png"}, "which are one file"},
		{"twice, there already", []string{"old/a.png", "old/../old/a.png"}, "which are one file"},
		{"a file as a folder", []string{"in/a.png/x.png"}, "a.png"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var g Guard
			g.Reads("in/a.png", "in/b.png", "resnet50/IMAGENET1K_V2", "")
			for _, path := range c.writes {
				g.Writes("-out", path)
			}
			err := g.Prepare()
			if c.says != "" {
				require.ErrorContains(t, err, c.says)
				return
			}
			require.NoError(t, err)
			for _, path := range c.writes {
				assert.DirExists(t, filepath.Dir(path))
			}
		})
	}
	t.Run("two flags", func(t *testing.T) {
		var g Guard
		g.Writes("-json", "one")
		g.Writes("-chart", "./one")
		assert.ErrorContains(t, g.Prepare(), "-json and -chart would both write ./one")
	})
	t.Run("into a folder", func(t *testing.T) {
		for _, c := range []struct{ folder, extension, says string }{
			{"in", ".jpg", ""}, {"frames", ".png", ""},
			{"in", ".png", "-frames would write into in, where a.png lies"}, {"link", ".PNG", "a.png"},
		} {
			var g Guard
			g.Reads("in/a.png")
			g.WritesInto("-frames", c.folder, c.extension)
			if err := g.Prepare(); c.says == "" {
				require.NoError(t, err)
				assert.DirExists(t, c.folder)
			} else {
				assert.ErrorContains(t, err, c.says)
			}
		}
	})
	assert.NoDirExists(t, "x", "nothing is made where something is wrong")
}
