package transform

import (
	"bytes"
	"image"
	"image/gif"

	"github.com/vertebra-vision/vertebra/internal/imagefile"
	"github.com/vertebra-vision/vertebra/internal/pixel"
)

// decodeGIF decodes the first frame of a GIF onto the file's screen, which the
// frame may not fill. As in Pillow, what it leaves free has the transparent
// colour or, where there is none, the palette's first, and a transparent pixel
// has its palette's colour once alpha is dropped.
func decodeGIF(data []byte, config image.Config) (*RGB, error) {
	data, transparent := imagefile.OpaqueGIF(data)
	img, err := gif.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	frame, ok := img.(*image.Paletted)
	screen := image.Rect(0, 0, config.Width, config.Height)
	if !ok || frame.Bounds() == screen {
		return fromPixel(pixel.FromImage(img))
	}
	m := image.NewPaletted(screen, frame.Palette)
	if free := uint8(max(0, transparent)); free != 0 {
		for i := range m.Pix {
			m.Pix[i] = free
		}
	}
	b := frame.Bounds().Intersect(screen)
	for y := b.Min.Y; y < b.Max.Y; y++ {
		copy(m.Pix[m.PixOffset(b.Min.X, y):m.PixOffset(b.Max.X, y)], frame.Pix[frame.PixOffset(b.Min.X, y):])
	}
	return fromPixel(pixel.FromImage(m))
}
