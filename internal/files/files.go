// Package files writes files whole.
package files

import (
	"bufio"
	"io"
	"os"
	"path/filepath"

	"github.com/pkg/errors"
)

// Replace writes a file through a temporary one beside it, so that nobody ever
// sees half of it.
func Replace(path string, write func(w io.Writer) error) (err error) {
	if path == "" {
		return errors.New("writing a file: the path is empty")
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*.tmp")
	if err != nil {
		return errors.Wrapf(err, "writing %s", path)
	}
	defer func() {
		if err != nil {
			_ = f.Close()
			_ = os.Remove(f.Name())
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := write(w); err != nil {
		return err
	}
	if err := w.Flush(); err != nil {
		return errors.Wrapf(err, "writing %s", path)
	}
	if err := f.Chmod(0o644); err != nil {
		return errors.Wrapf(err, "writing %s", path)
	}
	if err := f.Close(); err != nil {
		return errors.Wrapf(err, "writing %s", path)
	}
	return errors.Wrapf(os.Rename(f.Name(), path), "writing %s", path)
}
