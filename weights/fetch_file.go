package weights

import (
	"context"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/pkg/errors"
)

// fileSource is a file in a mirror's folder.
type fileSource struct {
	path  string
	limit int64 // bytes
}

func (s *fileSource) String() string { return s.path }

// transfer copies the file, always from its start.
func (s *fileSource) transfer(ctx context.Context, p *part, report *reporter) error {
	file, err := os.Open(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return errors.WithMessage(err, "the mirror's folder lacks the file")
	}
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.Errorf("%s: expected a regular file, found %s", s.path, info.Mode().Type())
	}
	if err := checkSize(s.path, info.Size(), s.limit); err != nil {
		return err
	}
	if err := p.restart("", info.Size()); err != nil {
		return err
	}
	in := io.LimitReader(contextReader{ctx, file}, p.Total) // a growing file has no end
	_, err = io.CopyBuffer(report.watch(p), in, make([]byte, bufferSize))
	return err
}

// checkSize holds a file's announced size to a limit; -1 is unknown.
func checkSize(from string, size, limit int64) error {
	if size > limit {
		return errors.Errorf("%s: %d bytes, expected at most %d for this checkpoint", from, size, limit)
	}
	return nil
}

// fileURLPath is the folder that a file URL names.
func fileURLPath(address string) (string, error) {
	u, err := url.Parse(address)
	if err != nil {
		return "", errors.Wrap(err, "base URL")
	}
	return localPath(u.Host, u.Path, runtime.GOOS == "windows")
}

// localPath turns a file URL's host and path into a path of this system. Only
// Windows has hosts in paths: of shares.
func localPath(host, path string, windows bool) (string, error) {
	if strings.EqualFold(host, "localhost") {
		host = ""
	}
	drive := len(path) >= 3 && path[0] == '/' && path[2] == ':'
	switch {
	case host != "" && !windows:
		return "", errors.Errorf("base URL file://%[1]s%[2]s: expected an absolute path such as file:///%[1]s%[2]s, found the host %[1]q", host, path)
	case host != "":
		path = "//" + host + path
	case windows && drive:
		path = path[1:]
	}
	return filepath.FromSlash(path), nil
}
