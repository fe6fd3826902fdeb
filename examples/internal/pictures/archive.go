package pictures

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path"
	"strings"

	"github.com/vertebra-vision/vertebra/ops/transform"
)

// archive is a .tar.gz, read from its beginning to its end.
type archive struct {
	name string
	file *os.File
	tar  *tar.Reader
	next int // the place of the entry after the present one
}

func openArchive(name string) (*archive, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, reason(err)
	}
	z, err := gzip.NewReader(f)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return &archive{name: name, file: f, tar: tar.NewReader(z)}, nil
}

// Close may be called on nil.
func (a *archive) Close() error {
	if a == nil {
		return nil
	}
	return a.file.Close()
}

// advance goes on to the next entry.
func (a *archive) advance() (*tar.Header, error) {
	entry, err := a.tar.Next()
	if err == nil {
		a.next++
	}
	return entry, err
}

// picture reads the picture at a place, which must not lie behind.
func (a *archive) picture(at int) (*transform.RGB, error) {
	for a.next <= at {
		if _, err := a.advance(); err != nil {
			return nil, err
		}
	}
	return transform.Decode(a.tar)
}

// inArchive takes an archive's pictures. One that breaks off has those before
// the break.
func (f *finder) inArchive(name string) error {
	a, err := openArchive(name)
	if err != nil {
		f.add(name, Picture{Name: name, err: err})
		return nil
	}
	defer func() { _ = a.Close() }()
	before := len(f.found)
	for {
		if err := f.ctx.Err(); err != nil {
			return err
		}
		entry, err := a.advance()
		switch {
		case errors.Is(err, io.EOF) && len(f.found) > before:
			return nil
		case errors.Is(err, io.EOF):
			err = errors.New("there are no pictures in this archive")
			fallthrough
		case err != nil:
			f.add(name, Picture{Name: name, err: err})
			return nil
		}
		inside := path.Clean("/" + entry.Name) // .. leads nowhere
		if entry.Typeflag == tar.TypeReg && isPicture(inside) && !hiddenPath(inside) {
			f.add(name+inside, Picture{Name: name + inside, archive: name, entry: a.next - 1})
		}
	}
}

// hiddenPath reports whether a path has a part that is hidden.
func hiddenPath(p string) bool {
	for part := range strings.SplitSeq(strings.Trim(p, "/"), "/") {
		if hidden(part) {
			return true
		}
	}
	return false
}
