package video

import (
	"bufio"
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/pkg/errors"
)

// ImageFolder is a sink that writes each frame, annotated where the pipeline
// annotates, as a picture SOURCE-000042.jpg into a folder, which is made if the
// one that it is in exists. format is jpg or png. Errors wrap ErrSink.
func ImageFolder(dir, format string) Output {
	return Output{Name: dir, Open: func(context.Context) (Sink, error) {
		if format != "jpg" && format != "png" {
			return nil, errors.Wrapf(ErrConfig, "picture format %q, want jpg or png", format)
		}
		if err := folder(dir); err != nil {
			return nil, err
		}
		return &imageSink{dir: dir, format: format}, nil
	}}
}

// folder makes a sink's folder if there is none. One that lies in no folder is
// more likely a slip than a wish.
func folder(dir string) error {
	if err := named(dir, ErrSink); err != nil {
		return err
	}
	err := os.Mkdir(dir, 0o755)
	if err == nil {
		return nil
	}
	info, e := os.Stat(dir)
	switch {
	case e != nil:
		return errors.Wrap(ErrSink, err.Error())
	case !info.IsDir():
		return errors.Wrapf(ErrSink, "%s is no folder", dir)
	}
	return nil
}

type imageSink struct {
	dir, format string
	image       *image.RGBA
}

// Write implements Sink.
func (s *imageSink) Write(_ context.Context, r *Result) error {
	s.image = r.Frame.rgba(s.image)
	path := filepath.Join(s.dir, fmt.Sprintf("%s-%06d.%s", fileName(r.Source), r.Index, s.format))
	f, err := os.Create(path)
	if err != nil {
		return errors.Wrap(ErrSink, err.Error())
	}
	w := bufio.NewWriter(f)
	err = s.encode(w)
	if err == nil {
		err = w.Flush()
	}
	if e := f.Close(); err == nil {
		err = e
	}
	if err != nil {
		_ = os.Remove(path) // half a picture
		return errors.Wrap(ErrSink, err.Error())
	}
	return nil
}

func (s *imageSink) encode(w io.Writer) error {
	if s.format == "png" {
		e := png.Encoder{CompressionLevel: png.BestSpeed}
		return e.Encode(w, s.image)
	}
	return jpeg.Encode(w, s.image, &jpeg.Options{Quality: 90})
}

// Close implements Sink.
func (s *imageSink) Close() error { return nil }

// fileName makes a source's name fit for a file's.
func fileName(source string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || r < ' ' {
			return '_'
		}
		return r
	}, source)
}
