// Package pictures finds the pictures that a command line names, in files,
// folders and archives, and visits them one after another, past those that are
// bad.
package pictures

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vertebra-vision/vertebra/examples/internal/cli"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

// Picture is one of the pictures that were found.
type Picture struct {
	// Name is the path as it was given; of a picture in a folder or an archive,
	// that one's path and the picture's in it.
	Name string
	// Label is the shortest end of the name that tells the picture from all
	// others of the run.
	Label string
	// Stem is the same for the names of files with results: without folders and,
	// where it is not needed, without the extension.
	Stem string
	// Class is the name of the folder that it lies in.
	Class string
	// Index is its place in the list, from 0.
	Index int

	parts   []string // of the whole path
	archive string   // that it lies in, or empty
	entry   int      // its place there
	err     error    // why it is none, known before it is read
}

// Broken reports whether it is known before it is read that there is no
// picture.
func (p *Picture) Broken() bool { return p.err != nil }

// Files lists the files that have to be read for the pictures.
func Files(list []Picture) []string {
	var files []string
	for i := range list {
		p := &list[i]
		if p.archive == "" {
			files = append(files, p.Name)
		} else if n := len(files); n == 0 || files[n-1] != p.archive {
			files = append(files, p.archive)
		}
	}
	return files
}

// Synopsis is how a command line names pictures.
const Synopsis = "IMAGE|FOLDER|FILE.tar.gz ..."

// Find lists the pictures of files, folders, with all folders in them, and
// .tar.gz archives, in the order in which they are named and, in a folder, of
// their names; what is named twice is taken once. A folder's hidden files and
// what is no picture by its extension are passed over; what is named itself is
// taken whatever it is. What is missing or cannot be listed is a picture that
// fails when it is visited; if there is nothing else, it is an error now.
func Find(ctx context.Context, names []string) ([]Picture, error) {
	if len(names) == 0 {
		return nil, cli.Usagef("name at least one image, or a folder or .tar.gz of images; -h lists the flags")
	}
	f := finder{ctx: ctx, seen: map[string]bool{}}
	for _, name := range names {
		if name == "" {
			return nil, cli.Usagef("an empty path names no file and no folder: is a variable not set?")
		}
		if err := f.named(name); err != nil {
			return nil, err
		}
	}
	if err := f.nothing(); err != nil {
		return nil, err
	}
	setNames(f.found)
	return f.found, nil
}

type finder struct {
	ctx   context.Context
	found []Picture
	seen  map[string]bool // absolute paths
	met   int             // how many there were, those met again too
}

// nothing is the error where no picture was found.
func (f *finder) nothing() error {
	for i := range f.found {
		if f.found[i].err == nil {
			return nil
		}
	}
	switch len(f.found) {
	case 0:
		return errors.New("there are no pictures")
	case 1:
		return f.found[0].failure()
	}
	return fmt.Errorf("%w, and %d more like it", f.found[0].failure(), len(f.found)-1)
}

// named takes what stands on the command line.
func (f *finder) named(name string) error {
	info, err := os.Stat(name)
	lower := strings.ToLower(name)
	switch {
	case err != nil:
		f.bad(name, err)
	case info.IsDir():
		before := f.met
		if err := f.folder(name, []os.FileInfo{info}); err != nil {
			return err
		}
		if f.met == before {
			f.bad(name, errors.New("there are no pictures in this folder"))
		}
	case strings.HasSuffix(lower, ".tar.gz"), strings.HasSuffix(lower, ".tgz"):
		if f.first(name) {
			return f.inArchive(name)
		}
	default:
		f.file(name)
	}
	return nil
}

// first notes a path and reports whether it is new.
func (f *finder) first(path string) bool {
	path = absolute(path)
	again := f.seen[path]
	f.seen[path] = true
	f.met++
	return !again
}

func (f *finder) file(path string) {
	if f.first(path) {
		f.add(path, Picture{Name: path})
	}
}

func (f *finder) bad(path string, err error) {
	if f.first(path) {
		f.add(path, Picture{Name: path, err: reason(err)})
	}
}

func (f *finder) add(path string, p Picture) {
	p.parts = split(path)
	if n := len(p.parts); n > 1 {
		p.Class = p.parts[n-2]
	}
	f.found = append(f.found, p)
}

// folder takes the pictures of a folder and of those in it. above are the
// folders on the way to it, itself included: links may lead back to one.
func (f *finder) folder(dir string, above []os.FileInfo) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		f.bad(dir, err)
	}
	for _, e := range entries {
		if err := f.ctx.Err(); err != nil {
			return err
		}
		if hidden(e.Name()) {
			continue
		}
		path := filepath.Join(dir, e.Name())
		wanted := isPicture(path)
		if e.Type().IsRegular() {
			if wanted {
				f.file(path)
			}
			continue
		}
		info, err := os.Stat(path) // through a link
		switch {
		case err != nil && wanted:
			f.bad(path, err)
		case err != nil || !info.IsDir() && !info.Mode().IsRegular():
		case !info.IsDir():
			if wanted {
				f.file(path)
			}
		case !contains(above, info):
			if err := f.folder(path, append(above[:len(above):len(above)], info)); err != nil {
				return err
			}
		}
	}
	return nil
}

func contains(list []os.FileInfo, info os.FileInfo) bool {
	for _, x := range list {
		if os.SameFile(x, info) {
			return true
		}
	}
	return false
}

// other are extensions of pictures besides those that transform tells. Of what
// it cannot read, such as a phone's photographs, a folder's reader is told and
// not left to believe that they are not there.
var other = []string{".jpe", ".jfif", ".avif", ".heic", ".heif"}

// isPicture goes by a file's name.
func isPicture(name string) bool {
	extension := strings.ToLower(filepath.Ext(name))
	return slices.Contains(transform.Extensions(), extension) || slices.Contains(other, extension)
}

// hidden are names that systems put among a person's files: dot-files (macOS's
// ._photo.jpg is no photograph), what macOS adds to archives and Synology's
// thumbnails.
func hidden(name string) bool {
	return strings.HasPrefix(name, ".") || name == "__MACOSX" || name == "@eaDir"
}

// absolute is a path that is the same however it is written.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return filepath.Clean(path)
}

// reason is an error about a file without the file's name, which stands before
// it anyway.
func reason(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// failure is why the picture cannot be had, with its name.
func (p *Picture) failure() error { return fmt.Errorf("%s: %w", p.Name, p.err) }
