package transform

import (
	"image"
	"image/color"
	"slices"
)

// screen lays a GIF's first frame on the file's screen, which the frame may
// not fill. As in Pillow, what it leaves free has the transparent colour or,
// where there is none, the palette's first, and a transparent pixel has its
// palette's colour once alpha is dropped.
func screen(frame *image.Paletted, config image.Config) *image.Paletted {
	palette := slices.Clone(frame.Palette)
	free := uint8(0)
	if i := slices.IndexFunc(palette, transparent); i >= 0 {
		free = uint8(i)
		// image/gif cleared the entry in the frame's copy. Where the frame
		// has no palette of its own, the file's still has it.
		if global, ok := config.ColorModel.(color.Palette); ok && equalExcept(i, palette, global) {
			palette[i] = global[i]
		}
	}
	m := image.NewPaletted(image.Rect(0, 0, config.Width, config.Height), palette)
	if free != 0 {
		for i := range m.Pix {
			m.Pix[i] = free
		}
	}
	b := frame.Bounds().Intersect(m.Bounds())
	for y := b.Min.Y; y < b.Max.Y; y++ {
		copy(m.Pix[m.PixOffset(b.Min.X, y):m.PixOffset(b.Max.X, y)], frame.Pix[frame.PixOffset(b.Min.X, y):])
	}
	return m
}

func transparent(c color.Color) bool {
	_, _, _, alpha := c.RGBA()
	return alpha == 0
}

// equalExcept reports whether two palettes differ at most in entry i.
func equalExcept(i int, a, b color.Palette) bool {
	return len(a) == len(b) && slices.Equal(a[:i], b[:i]) && slices.Equal(a[i+1:], b[i+1:])
}
