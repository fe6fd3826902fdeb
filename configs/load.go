package configs

import (
	"embed"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/names"
	"github.com/vertebra-vision/vertebra/weights"
)

//go:embed models/*.yaml pipelines/*.yaml
var shipped embed.FS

// folders are where the shipped files are.
var folders = []string{"models", "pipelines"}

// Shipped lists the configurations that come with the SDK.
func Shipped() []string {
	var list []string
	for _, folder := range folders {
		entries, _ := fs.ReadDir(shipped, folder)
		for _, e := range entries {
			list = append(list, strings.TrimSuffix(e.Name(), ".yaml"))
		}
	}
	return list
}

// readShipped reads the shipped configuration of a name.
func readShipped(name string) (data []byte, err error) {
	for _, folder := range folders {
		if data, err = shipped.ReadFile(folder + "/" + name + ".yaml"); err == nil {
			return data, nil
		}
	}
	return nil, err
}

// maxFile bounds the size of what is read, in bytes.
const maxFile = 1 << 20

// Load reads a file or, where there is none of that name, the shipped
// configuration that has it. Relative paths in a file begin at its folder.
// Errors wrap ErrConfig.
func Load(path string, opts ...Option) (*Config, error) {
	info, err := os.Stat(path)
	folder := err == nil && info.IsDir()
	if folder || errors.Is(err, fs.ErrNotExist) {
		if data, err := readShipped(path); err == nil {
			return Parse(path+".yaml", data, opts...)
		}
	}
	switch {
	case folder:
		return nil, errors.Wrapf(ErrConfig, "%s is a folder", path)
	case errors.Is(err, fs.ErrNotExist):
		return nil, errors.Wrapf(ErrConfig, "there is neither a file nor a shipped configuration %q%s", path, names.DidYouMean(path, Shipped()))
	case err != nil:
		return nil, errors.Wrap(ErrConfig, err.Error())
	}
	data, err := readFile(path)
	if err != nil {
		return nil, errors.Wrap(ErrConfig, err.Error())
	}
	c, err := Parse(path, data, opts...)
	if err != nil {
		return nil, err
	}
	c.dir, err = filepath.Abs(filepath.Dir(path))
	return c, errors.Wrap(err, path)
}

// readFile reads a file, or one byte more than the bound. It does not believe
// the size that the system tells: a pipe has none.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	return io.ReadAll(io.LimitReader(f, maxFile+1))
}

// SetWeights puts a checkpoint in the file's place, as it would be written on
// a command line: the path of an existing file, relative to the working
// directory, or else the name of a published one.
func (c *Config) SetWeights(source string) {
	if _, err := os.Stat(source); err == nil {
		if path, err := filepath.Abs(source); err == nil {
			source = path
		}
	}
	c.Model.Weights.Source, c.Model.Weights.Under = source, "" // which was the other file's
}

// fromFile is what a path in the file means. Names are no paths.
func (c *Config) fromFile(path string) string {
	if path == "" || filepath.IsAbs(path) || c.dir == "" {
		return path
	}
	return filepath.Join(c.dir, path)
}

// resolvePaths makes the paths independent of the file's folder.
func (c *Config) resolvePaths() {
	if w := &c.Model.Weights; !isPublished(w.Source) {
		w.Source = c.fromFile(w.Source)
	}
	if l := &c.Model.Labels; weights.Labels(l.Source) == nil {
		l.Source = c.fromFile(l.Source)
	}
	c.Pipeline = c.Pipeline.resolvePaths(c.fromFile)
}

func isPublished(name string) bool {
	_, err := weights.Lookup(name)
	return err == nil
}
