package transform

import (
	"bytes"
	"image"
	_ "image/gif" // the first frame
	_ "image/jpeg"
	_ "image/png"
	"io"
	"os"

	"github.com/pkg/errors"
	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/webp"

	"github.com/vertebra-vision/vertebra/internal/pixel"
)

// maxFile bounds an encoded image.
const maxFile = 512 << 20

// Load decodes the image in a file. The error names the file.
func Load(path string) (*RGB, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Wrap(ErrImage, err.Error())
	}
	defer func() { _ = f.Close() }()
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, errors.Wrapf(ErrImage, "%s is a folder", path)
	}
	m, err := Decode(f)
	return m, errors.WithMessage(err, path)
}

// Decode reads a JPEG, PNG, WebP, BMP or GIF (its first frame) and turns it
// upright as its EXIF orientation says. It reads the size before it decodes
// and refuses more than MaxPixels. Errors wrap ErrImage.
func Decode(r io.Reader) (*RGB, error) { return decode(r, MaxPixels) }

func decode(r io.Reader, maxPixels int) (m *RGB, err error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, errors.Wrapf(ErrImage, "reading: %v", err)
	}
	if len(data) > maxFile {
		return nil, errors.Wrapf(ErrImage, "more than %d bytes", maxFile)
	}
	if len(data) == 0 {
		return nil, errors.Wrap(ErrImage, "no data")
	}
	// A decoder that panics on a hostile file must not take the program down.
	defer func() {
		if p := recover(); p != nil {
			m, err = nil, errors.Wrapf(ErrImage, "decoding: %v", p)
		}
	}()
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, errors.Wrapf(ErrImage, "not a readable JPEG, PNG, WebP, BMP or GIF (%v)", err)
	}
	if err := checkSize(config.Width, config.Height); err != nil {
		return nil, err
	}
	if config.Width > maxPixels/config.Height {
		return nil, errors.Wrapf(ErrImage, "%dx%d: more than %d pixels", config.Width, config.Height, maxPixels)
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, errors.Wrapf(ErrImage, "%s of %dx%d: %v", format, config.Width, config.Height, err)
	}
	m, err = toRGB(img, config, format)
	if err != nil {
		return nil, errors.Wrapf(ErrImage, "%s of %dx%d: %v", format, config.Width, config.Height, err)
	}
	return upright(m, orientation(data, format)), nil
}

// toRGB converts a decoded image by the rules of its format.
func toRGB(img image.Image, config image.Config, format string) (*RGB, error) {
	switch src := img.(type) {
	case *image.Paletted:
		if format == "gif" {
			return fromPixel(pixel.FromImage(screen(src, config)))
		}
	case *image.YCbCr, *image.NYCbCrA:
		if format == "webp" {
			return fromPixel(pixel.FromWebP(src))
		}
	}
	return fromPixel(pixel.FromImage(img))
}
