package pixel

import (
	"image"
	"image/color"

	"github.com/pkg/errors"
)

// FromImage converts as Pillow's convert("RGB") does: alpha is dropped, not
// blended, 16-bit samples of colours keep their high byte, grey of 16 bits is
// clipped to 255, grey is repeated. An *RGB is returned as it is. An
// image.YCbCr is taken for a JPEG's; FromWebP is for WebP's.
func FromImage(img image.Image) (*RGB, error) { return fromImage(img, rowReader) }

// FromWebP converts what golang.org/x/image/webp decoded, as libwebp does.
func FromWebP(img image.Image) (*RGB, error) {
	return fromImage(img, func(img image.Image) rowFunc {
		switch src := img.(type) {
		case *image.YCbCr:
			return vp8Rows(src)
		case *image.NYCbCrA:
			return vp8Rows(&src.YCbCr)
		}
		return rowReader(img)
	})
}

// rowFunc converts row y, counted from the top of an image's bounds.
type rowFunc func(dst []uint8, y int)

func fromImage(img image.Image, reader func(image.Image) rowFunc) (m *RGB, err error) {
	if img == nil {
		return nil, errors.New("the image is nil")
	}
	if m, ok := asRGB(img); ok {
		return m, checkRGB(m)
	}
	defer guard(img, &err)
	b := img.Bounds()
	if err := CheckSize(b.Dx(), b.Dy()); err != nil {
		return nil, err
	}
	row := reader(img)
	m = NewRGB(b.Dx(), b.Dy())
	for y := range m.Height {
		row(m.Row(y), y)
	}
	return m, nil
}

func rowReader(img image.Image) rowFunc {
	b := img.Bounds()
	switch src := img.(type) {
	case *image.YCbCr:
		return ycbcrRows(src)
	case *image.NYCbCrA:
		return ycbcrRows(&src.YCbCr)
	case *image.NRGBA:
		return func(dst []uint8, y int) {
			copyRGBX(dst, src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):])
		}
	case *image.NRGBA64:
		return func(dst []uint8, y int) {
			copyHighRGBX(dst, src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):])
		}
	case *image.RGBA:
		if src.Opaque() {
			return func(dst []uint8, y int) {
				copyRGBX(dst, src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):])
			}
		}
		return func(dst []uint8, y int) {
			divideByAlpha(dst, src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):], 1)
		}
	case *image.RGBA64:
		return func(dst []uint8, y int) {
			divideByAlpha(dst, src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):], 2)
		}
	case *image.Gray:
		return func(dst []uint8, y int) {
			line := src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):]
			for x := range b.Dx() {
				v := line[x]
				dst[3*x], dst[3*x+1], dst[3*x+2] = v, v, v
			}
		}
	case *image.Gray16:
		return func(dst []uint8, y int) {
			clipGrey16(dst, src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):])
		}
	case *image.Paletted:
		return palettedRows(src)
	}
	return func(dst []uint8, y int) {
		for x := range b.Dx() {
			c := color.NRGBAModel.Convert(img.At(b.Min.X+x, b.Min.Y+y)).(color.NRGBA)
			dst[3*x], dst[3*x+1], dst[3*x+2] = c.R, c.G, c.B
		}
	}
}

// copyRGBX drops the fourth byte of each pixel.
func copyRGBX(dst, src []uint8) {
	for i := 0; 3*i < len(dst); i++ {
		d, s := dst[3*i:3*i+3:3*i+3], src[4*i:4*i+3:4*i+3]
		d[0], d[1], d[2] = s[0], s[1], s[2]
	}
}

// copyHighRGBX drops the fourth of each pixel's big-endian 16-bit samples and
// the low bytes.
func copyHighRGBX(dst, src []uint8) {
	for i := 0; 3*i < len(dst); i++ {
		d, s := dst[3*i:3*i+3:3*i+3], src[8*i:8*i+5:8*i+5]
		d[0], d[1], d[2] = s[0], s[2], s[4]
	}
}

// divideByAlpha takes alpha out of colours that were multiplied by it, as
// Pillow does with those of a TIFF: from the first byte of each sample, the
// high one, and rounding down.
func divideByAlpha(dst, src []uint8, sampleSize int) {
	for i := 0; 3*i < len(dst); i++ {
		d, s := dst[3*i:3*i+3:3*i+3], src[4*sampleSize*i:4*sampleSize*(i+1)]
		alpha := uint(s[3*sampleSize])
		for c := range d {
			d[c] = 0
			if alpha > 0 {
				d[c] = uint8(min(255, 255*uint(s[c*sampleSize])/alpha))
			}
		}
	}
}

// clipGrey16 clips big-endian grey samples: to Pillow grey of 16 bits is a
// number that 8 bits may not hold, not a brightness.
func clipGrey16(dst, src []uint8) {
	for i := 0; 3*i < len(dst); i++ {
		d, s := dst[3*i:3*i+3:3*i+3], src[2*i:2*i+2:2*i+2]
		v := s[1]
		if s[0] != 0 {
			v = 255
		}
		d[0], d[1], d[2] = v, v, v
	}
}

func palettedRows(src *image.Paletted) rowFunc {
	var table [256][3]uint8
	for i, c := range src.Palette[:min(256, len(src.Palette))] {
		n := color.NRGBAModel.Convert(c).(color.NRGBA)
		table[i] = [3]uint8{n.R, n.G, n.B}
	}
	b := src.Bounds()
	return func(dst []uint8, y int) {
		line := src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):]
		for x := range b.Dx() {
			copy(dst[3*x:3*x+3], table[line[x]][:])
		}
	}
}
