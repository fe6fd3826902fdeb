// Package labelled reads images that lie in folders named like their classes.
package labelled

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"fmt"
	"image"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vertebra-vision/vertebra/ops/transform"
)

// Image is an image with its name and that of the folder that it lies in.
type Image struct {
	Name, Class string
	Pixels      image.Image
}

// Each visits the images of a folder, in the order of their names, or of a
// .tar.gz, in its order.
func Each(data string, visit func(Image) error) error {
	if strings.HasSuffix(data, ".tar.gz") || strings.HasSuffix(data, ".tgz") {
		return inArchive(data, visit)
	}
	return filepath.WalkDir(data, func(file string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !isImage(file) {
			return err
		}
		img, err := transform.Load(file)
		if err != nil {
			return err
		}
		return visit(Image{file, filepath.Base(filepath.Dir(file)), img})
	})
}

func inArchive(data string, visit func(Image) error) error {
	f, err := os.Open(data)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		return fmt.Errorf("%s: %w", data, err)
	}
	t := tar.NewReader(z)
	for {
		entry, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", data, err)
		}
		if entry.Typeflag != tar.TypeReg || !isImage(entry.Name) {
			continue
		}
		img, err := transform.Decode(t)
		if err != nil {
			return fmt.Errorf("%s in %s: %w", entry.Name, data, err)
		}
		if err := visit(Image{entry.Name, path.Base(path.Dir(entry.Name)), img}); err != nil {
			return err
		}
	}
}

func isImage(name string) bool {
	return slices.Contains(transform.Extensions(), strings.ToLower(path.Ext(name)))
}
