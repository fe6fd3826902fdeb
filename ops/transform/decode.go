package transform

import (
	"bytes"
	"image"
	"image/color"
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
func Load(path string) (*RGB, error) { return imageOf(LoadWith(path)) }

// LoadWith is Load with options. It tells more of the file.
func LoadWith(path string, opts ...DecodeOption) (*Decoded, error) {
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
	m, err := DecodeWith(f, opts...)
	return m, errors.WithMessage(err, path)
}

// Decode reads a JPEG, PNG, WebP, BMP, GIF or TIFF, of several frames or pages
// the first, and turns it upright as its EXIF orientation or XMP data say. Its
// pixels are those of Pillow's convert("RGB"), to the bit; see ToRGB. As for
// Pillow, a JPEG that ends early is an error, and damage inside of one is not:
// DecodeWith tells of it. Other formats are read where the program imports a
// decoder that registers itself with package image; their pictures are taken as
// upright. Decode reads the size before it decodes and refuses more than
// MaxPixels. Errors wrap ErrImage and name formats that cannot be read.
func Decode(r io.Reader) (*RGB, error) { return imageOf(DecodeWith(r)) }

// DecodeWith is Decode with options. It tells more of the file.
func DecodeWith(r io.Reader, opts ...DecodeOption) (*Decoded, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, errors.Wrapf(ErrImage, "reading: %v", err)
	}
	return DecodeBytes(data, opts...)
}

// DecodeBytes is DecodeWith of a file that is in memory.
func DecodeBytes(data []byte, opts ...DecodeOption) (*Decoded, error) {
	o, err := optionsOf(opts)
	if err != nil {
		return nil, err
	}
	return decode(data, o)
}

func imageOf(d *Decoded, err error) (*RGB, error) {
	if err != nil {
		return nil, err
	}
	return d.RGB, nil
}

func decode(data []byte, o decodeOptions) (d *Decoded, err error) {
	if err := checkFile(data); err != nil {
		return nil, err
	}
	defer guard(&err)
	if isJPEG(data) {
		return decodeJPEG(data, o)
	}
	config, format, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, unreadable(data, err)
	}
	if err := checkPixels(config.Width, config.Height, o.maxPixels); err != nil {
		return nil, err
	}
	m, err := decodePixels(data, config, format)
	if err != nil {
		return nil, errors.Wrapf(ErrImage, "%s of %dx%d: %v", format, config.Width, config.Height, err)
	}
	return whole(upright(m, imagefile.Orientation(data, format)), format), nil
}

func checkFile(data []byte) error {
	if len(data) > maxFile {
		return errors.Wrapf(ErrImage, "more than %d bytes", maxFile)
	}
	if len(data) == 0 {
		return errors.Wrap(ErrImage, "no data")
	}
	return nil
}

// checkPixels refuses a size that a file states.
func checkPixels(width, height, most int) error {
	if err := checkSize(width, height); err != nil {
		return err
	}
	if width > most/height {
		return errors.Wrapf(ErrImage, "%dx%d: more than %d pixels", width, height, most)
	}
	return nil
}

// guard is deferred: a decoder that panics on a hostile file must not take the
// program down.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = errors.Wrapf(ErrImage, "decoding: %v", p)
	}
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
