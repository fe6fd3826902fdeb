package pictures

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// Labels and stems are as short as tells the pictures apart.
func TestNames(t *testing.T) {
	for _, c := range []struct {
		name                 string
		paths, labels, stems []string
	}{
		{"one", []string{"/d/x.png"}, []string{"x.png"}, []string{"x"}},
		{"different", []string{"/d/x.png", "/d/y.png"}, []string{"x.png", "y.png"}, []string{"x", "y"}},
		{"folders", []string{"/a/x.png", "/b/x.png"}, []string{"a/x.png", "b/x.png"}, []string{"a_x", "b_x"}},
		{"extensions", []string{"/a/x.png", "/a/x.jpg"}, []string{"x.png", "x.jpg"}, []string{"x.png", "x.jpg"}},
		{"both", []string{"/a/x.png", "/b/x.png", "/a/x.jpg"}, []string{"a/x.png", "b/x.png", "x.jpg"}, []string{"a_x.png", "b_x.png", "a_x.jpg"}},
		{"case", []string{"/a/A.png", "/a/a.png"}, []string{"A.png", "a.png"}, []string{"A", "a_2"}},
		{"case of folders", []string{"/A/x.png", "/a/x.png"}, []string{"A/x.png", "a/x.png"}, []string{"x", "x_2"}},
		{"case of some folders", []string{"/A/x.png", "/a/x.png", "/b/x.png"}, []string{"A/x.png", "a/x.png", "b/x.png"}, []string{"A_x", "a_x_2", "b_x"}},
		{"deep", []string{"/r/1/in/x.png", "/r/2/in/x.png"}, []string{"1/in/x.png", "2/in/x.png"}, []string{"1_in_x", "2_in_x"}},
		{"uneven", []string{"/x.png", "/r/x.png"}, []string{"x.png", "r/x.png"}, []string{"x.png", "r_x"}},
		{"joint", []string{"/a/x.png", "/b/x.png", "/c/a_x.png"}, []string{"a/x.png", "b/x.png", "a_x.png"}, []string{"a_x.png", "b_x.png", "c_a_x"}},
		{"hopeless", []string{"/a/b_c.png", "/a_b/c.png"}, []string{"b_c.png", "c.png"}, []string{"b_c", "c"}},
		{"no extension", []string{"/d/x", "/d/x.png"}, []string{"x", "x.png"}, []string{"x", "x.png"}},
		{"hidden", []string{"/d/.png"}, []string{".png"}, []string{".png"}},
		{"dots", []string{"/d/a.b.png", "/d/a.c.png"}, []string{"a.b.png", "a.c.png"}, []string{"a.b", "a.c"}},
		{"odd", []string{"/d/a:b?.png", "/d/line\nend.png"}, []string{"a:b?.png", `line\nend.png`}, []string{"a_b_", "line_end"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			list := listOf(c.paths)
			setNames(list)
			var labels, stems []string
			for i, p := range list {
				assert.Equal(t, i, p.Index)
				labels, stems = append(labels, p.Label), append(stems, p.Stem)
			}
			assert.Equal(t, c.labels, labels)
			assert.Equal(t, c.stems, stems)
		})
	}
}

func listOf(paths []string) []Picture {
	list := make([]Picture, len(paths))
	for i, path := range paths {
		list[i] = Picture{Name: path, parts: split(filepath.FromSlash(path))}
	}
	return list
}

// Whatever the paths are, no two stems are one file anywhere, and none leaves
// the folder that it is put into.
func FuzzNames(f *testing.F) {
	f.Add("/a/x.png\n/b/x.png\n/a_x.png\n/a/x.jpg\n/A/X.PNG")
	f.Add("/a/b_c.png\n/a_b/c.png\n/x\n/x_2\n/../x")
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 4096 { // no path is longer
			return
		}
		paths := strings.Split(text, "\n")
		for i := range paths {
			paths[i] = filepath.Clean("/" + paths[i])
		}
		slices.Sort(paths)
		list := listOf(slices.Compact(paths))
		setNames(list)
		taken := map[string]bool{}
		for _, p := range list {
			key := strings.ToLower(p.Stem)
			if taken[key] {
				t.Errorf("%q is taken twice of %q", p.Stem, paths)
			}
			taken[key] = true
			if strings.ContainsAny(p.Stem, "/\\\x00") || p.Stem == ".." {
				t.Errorf("%q of %q is no file's name", p.Stem, p.Name)
			}
		}
	})
}
