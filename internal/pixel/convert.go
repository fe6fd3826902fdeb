package pixel

import (
	"image"
	"image/color"
)

// FromImage converts as Pillow's convert("RGB") does: alpha is dropped, not
// blended, 16-bit samples keep their high byte, grey is repeated. An *RGB is
// returned as it is.
func FromImage(img image.Image) *RGB {
	if m, ok := img.(*RGB); ok {
		return m
	}
	b := img.Bounds()
	m := NewRGB(b.Dx(), b.Dy())
	row := rowReader(img)
	for y := range m.Height {
		row(m.Row(y), y)
	}
	return m
}

// rowReader returns a function that converts row y, counted from the top of
// the image's bounds.
func rowReader(img image.Image) func(dst []uint8, y int) {
	b := img.Bounds()
	switch src := img.(type) {
	case *image.YCbCr:
		return ycbcrRows(src)
	case *image.NRGBA:
		return func(dst []uint8, y int) {
			copyRGBX(dst, src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):])
		}
	case *image.RGBA:
		if src.Opaque() {
			return func(dst []uint8, y int) {
				copyRGBX(dst, src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):])
			}
		}
	case *image.Gray:
		return func(dst []uint8, y int) {
			line := src.Pix[src.PixOffset(b.Min.X, b.Min.Y+y):]
			for x := range b.Dx() {
				v := line[x]
				dst[3*x], dst[3*x+1], dst[3*x+2] = v, v, v
			}
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

func palettedRows(src *image.Paletted) func(dst []uint8, y int) {
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
