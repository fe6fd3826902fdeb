package main

import (
	"image"
	"image/color"
	"image/draw"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"github.com/vertebra-vision/vertebra/heads/segment"
)

// The legend's measures in pixels.
const (
	lineHeight = 20
	margin     = 8
	swatch     = 12
)

// withLegend puts the colours and names of the classes that there are under a
// picture.
func withLegend(picture image.Image, m *segment.Map) *image.RGBA {
	classes := present(m)
	bounds := picture.Bounds()
	height := 2*margin + lineHeight*len(classes)
	out := image.NewRGBA(image.Rect(0, 0, max(bounds.Dx(), 200), bounds.Dy()+height))
	draw.Draw(out, out.Rect, image.White, image.Point{}, draw.Src)
	draw.Draw(out, image.Rectangle{Max: bounds.Size()}, picture, bounds.Min, draw.Src)
	for i, class := range classes {
		y := bounds.Dy() + margin + i*lineHeight
		box := image.Rect(margin, y+4, margin+swatch, y+4+swatch)
		draw.Draw(out, box.Inset(-1), image.NewUniform(color.Gray{128}), image.Point{}, draw.Src)
		draw.Draw(out, box, image.NewUniform(m.Palette[class]), image.Point{}, draw.Src)
		text := font.Drawer{Dst: out, Src: image.Black, Face: basicfont.Face7x13, Dot: fixed.P(2*margin+swatch, y+15)}
		text.DrawString(m.Label(class))
	}
	return out
}
