package segment

import (
	"image"
	"image/color"
	"image/draw"
	"strconv"
)

// Map is the classes of an image's pixels: a paletted image whose indices are
// the classes, in Pascal VOC's colours.
type Map struct {
	*image.Paletted
	// Labels names the classes.
	Labels []string
}

func newMap(width, height, classes int, labels []string) *Map {
	return &Map{image.NewPaletted(image.Rect(0, 0, width, height), Palette(classes)), labels}
}

// Palette is Pascal VOC's colours of n classes, up to 256: black for the
// background, then colours whose bits come from the class's number.
func Palette(n int) color.Palette {
	p := make(color.Palette, max(0, min(n, maxClasses)))
	for i := range p {
		var rgb [3]uint8
		for bits, shift := i, 7; bits > 0; bits, shift = bits>>3, shift-1 {
			for c := range rgb {
				rgb[c] |= uint8(bits>>c&1) << shift
			}
		}
		p[i] = color.RGBA{rgb[0], rgb[1], rgb[2], 255}
	}
	return p
}

// Label names a class; without a label it is the class's number.
func (m *Map) Label(class int) string {
	if class >= 0 && class < len(m.Labels) {
		return m.Labels[class]
	}
	return strconv.Itoa(class)
}

// Counts is the number of pixels of each class.
func (m *Map) Counts() []int {
	counts := make([]int, len(m.Palette))
	for _, class := range m.Pix {
		counts[class]++
	}
	return counts
}

// Overlay mixes the classes' colours into the image they are of, which it
// leaves alone; class 0, the background, stays as it is. Opacity is 0 to 1.
func (m *Map) Overlay(img image.Image, opacity float64) *image.RGBA {
	out := image.NewRGBA(m.Rect)
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	veil := image.NewAlpha(m.Rect)
	alpha := uint8(255 * min(max(opacity, 0), 1))
	for i, class := range m.Pix {
		if class != 0 {
			veil.Pix[i] = alpha
		}
	}
	draw.DrawMask(out, out.Rect, m.Paletted, image.Point{}, veil, image.Point{}, draw.Over)
	return out
}
