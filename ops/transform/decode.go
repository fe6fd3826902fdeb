package transform

import (
	"bytes"
	"image"
	"image/color"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"os"

	"github.com/pkg/errors"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"

	_ "github.com/vertebra-vision/vertebra/internal/bmp"
	"github.com/vertebra-vision/vertebra/internal/imagefile"
	"github.com/vertebra-vision/vertebra/internal/pixel"
)

// maxFile bounds an encoded image.
const maxFile = 512 << 20

// Extensions are how the names of the files end that Load decodes, in lower
// case.
func Extensions() []string {
	return []string{".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff"}
}

// Load decodes the image in a file. The error names the file.
func Load(path string) (*RGB, error) {
	if path == "" {
		return nil, errors.Wrap(ErrImage, "the path is empty")
	}
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

// Decode reads a JPEG, PNG, WebP, BMP, GIF or TIFF, of several frames or pages
// the first, and turns it upright as its EXIF orientation or XMP data say. Its
// pixels are those of Pillow's convert("RGB"); see ToRGB. Other formats are
// read where the program imports a decoder that registers itself with package
// image; their pictures are taken as upright. Decode reads the size before it
// decodes and refuses more than MaxPixels. Errors wrap ErrImage and name
// formats that cannot be read.
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
		return nil, unreadable(data, err)
	}
	if err := checkSize(config.Width, config.Height); err != nil {
		return nil, err
	}
	if config.Width > maxPixels/config.Height {
		return nil, errors.Wrapf(ErrImage, "%dx%d: more than %d pixels", config.Width, config.Height, maxPixels)
	}
	m, err = decodePixels(data, config, format)
	if err != nil {
		return nil, errors.Wrapf(ErrImage, "%s of %dx%d: %v", format, config.Width, config.Height, err)
	}
	return upright(m, imagefile.Orientation(data, format)), nil
}

// unreadable says why a file cannot be decoded: its format, or what of its
// format is missing here.
func unreadable(data []byte, err error) error {
	if reason := imagefile.CheckTIFF(data); reason != nil {
		return errors.Wrapf(ErrImage, "tiff: %v", reason)
	}
	if f, ok := imagefile.Sniff(data); ok && errors.Is(err, image.ErrFormat) {
		return errors.Wrapf(ErrImage, "this is %s: %s", f.Name, f.Do)
	}
	return errors.Wrapf(ErrImage, "not a readable JPEG, PNG, WebP, BMP, GIF or TIFF (%v)", err)
}

// decodePixels decodes and converts by the rules of a format.
func decodePixels(data []byte, config image.Config, format string) (*RGB, error) {
	switch format {
	case "gif":
		return decodeGIF(data, config)
	case "webp":
		return decodeWebP(data, config)
	case "tiff":
		return decodeTIFF(data)
	}
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	if src, ok := img.(*image.NRGBA64); ok && config.ColorModel == color.Gray16Model {
		img = grey16(src) // of a PNG, one grey of which is transparent
	}
	return fromPixel(pixel.FromImage(img))
}

// grey16 takes the grey out of an image that image/png has given alpha.
func grey16(src *image.NRGBA64) *image.Gray16 {
	m := image.NewGray16(src.Rect)
	for i := 0; i < len(m.Pix); i += 2 {
		copy(m.Pix[i:i+2], src.Pix[4*i:])
	}
	return m
}
