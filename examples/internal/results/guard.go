// Package results keeps what a program writes apart from what it reads.
package results

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/vertebra-vision/vertebra/examples/internal/cli"
)

// Guard knows the files that a run reads and those that it will write.
type Guard struct {
	read, written []file
	folders       []folder
}

type file struct {
	flag, path string
	info       os.FileInfo
}

// folder takes files whose names end with an extension.
type folder struct{ flag, path, extension string }

// Reads notes files that the run reads. A name that is no file's, that of a
// published checkpoint or nothing, is none.
func (g *Guard) Reads(paths ...string) {
	for _, path := range paths {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			g.read = append(g.read, file{path: path, info: info})
		}
	}
}

// Writes notes a file that the run will write, because of a flag.
func (g *Guard) Writes(flag, path string) {
	info, _ := os.Stat(path)
	g.written = append(g.written, file{flag, path, info})
}

// WritesInto notes a folder into which the run will write files with an
// extension, whose names are not known yet.
func (g *Guard) WritesInto(flag, path, extension string) {
	g.folders = append(g.folders, folder{flag, path, extension})
}

// Prepare is Check, and makes the folders of the files to be written.
func (g *Guard) Prepare() error {
	if err := g.Check(); err != nil {
		return err
	}
	made := map[string]bool{}
	for _, w := range g.written {
		if dir := filepath.Dir(w.path); !made[dir] {
			made[dir] = true
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
		}
	}
	for _, f := range g.folders {
		if err := os.MkdirAll(f.path, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// Check makes sure that none of the files to be written is one that the run
// reads, another one to be written or a folder, be it by another name, through
// a link, or by a name that differs in case alone. It is to be called before
// anything is computed.
func (g *Guard) Check() error {
	known := map[identity][]file{} // files that exist
	for _, r := range g.read {
		known[identify(r.info)] = append(known[identify(r.info)], r)
	}
	places, resolved := map[string]file{}, map[string]string{}
	for _, w := range g.written {
		if w.info != nil && !w.info.IsDir() && !w.info.Mode().IsRegular() {
			continue // /dev/null and the like
		}
		if err := w.conflict(known); err != nil {
			return err
		}
		dir := filepath.Dir(w.path)
		if _, ok := resolved[dir]; !ok {
			resolved[dir] = resolve(dir)
		}
		place := strings.ToLower(filepath.Join(resolved[dir], filepath.Base(w.path)))
		if other, ok := places[place]; ok {
			return w.twice(other)
		}
		places[place] = w
	}
	for _, f := range g.folders {
		if err := g.among(f); err != nil {
			return err
		}
	}
	return nil
}

// among makes sure that no file that the run reads lies in a folder where files
// of its kind are written.
func (g *Guard) among(f folder) error {
	info, err := os.Stat(f.path)
	if err != nil {
		return nil // it is to be made
	}
	for _, r := range g.read {
		if !strings.EqualFold(filepath.Ext(r.path), f.extension) {
			continue
		}
		if dir, err := os.Stat(filepath.Dir(r.path)); err == nil && os.SameFile(dir, info) {
			return cli.Usagef("%s would write into %s, where %s lies, which this run reads: choose another folder for the results", f.flag, f.path, filepath.Base(r.path))
		}
	}
	return nil
}

// identity narrows down which files may be the same.
type identity struct{ size, modified int64 }

func identify(info os.FileInfo) identity { return identity{info.Size(), info.ModTime().UnixNano()} }

// conflict looks for the file among those that exist, and adds it.
func (w file) conflict(known map[identity][]file) error {
	switch {
	case w.info == nil:
		return nil
	case w.info.IsDir():
		return cli.Usagef("%s would write %s, which is a folder: name a file", w.flag, w.path)
	}
	id := identify(w.info)
	for _, other := range known[id] {
		switch {
		case !os.SameFile(w.info, other.info):
		case other.flag == "":
			return cli.Usagef("%s would write over %s, which this run reads: choose another place for the results", w.flag, w.path)
		default:
			return w.twice(other)
		}
	}
	known[id] = append(known[id], w)
	return nil
}

func (w file) twice(other file) error {
	if w.flag == other.flag {
		return cli.Usagef("%s would write both %s and %s, which are one file: choose another place for one of them", w.flag, other.path, w.path)
	}
	return cli.Usagef("%s and %s would both write %s: choose another place for one of them", other.flag, w.flag, w.path)
}

// resolve follows the links of a folder's path, as far as there are folders.
func resolve(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return filepath.Clean(dir)
	}
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real
	}
	parent := filepath.Dir(abs)
	if parent == abs {
		return abs
	}
	return filepath.Join(resolve(parent), filepath.Base(abs))
}
