package main

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"github.com/vertebra-vision/vertebra/heads/detect"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// palette has the colours of classes, in turn.
var palette = []color.RGBA{
	{230, 60, 60, 255}, {50, 160, 80, 255}, {60, 100, 220, 255}, {220, 150, 30, 255},
	{150, 70, 190, 255}, {30, 160, 180, 255}, {200, 70, 140, 255}, {120, 120, 40, 255},
}

// threshold is the probability from which a pixel is the object's.
const threshold = 0.5

// copyOf is an image to draw on.
func copyOf(img image.Image) *image.RGBA {
	canvas := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(canvas, canvas.Bounds(), img, img.Bounds().Min, draw.Src)
	return canvas
}

func savePicture(path string, img image.Image) error {
	return weights.SaveFile(path, func(w io.Writer) error { return png.Encode(w, img) })
}

// drawDetection draws an object's mask, box, name and keypoints. mask is at the
// image's size, nil for none.
func drawDetection(canvas *image.RGBA, f detect.Detection, mask *ops.Tensor) {
	ink := palette[f.Label%len(palette)]
	if mask != nil {
		drawMask(canvas, mask, ink)
	}
	box := image.Rect(int(f.Box.X1), int(f.Box.Y1), int(f.Box.X2)+1, int(f.Box.Y2)+1)
	thick := max(1, canvas.Bounds().Dx()/400)
	for _, side := range []image.Rectangle{
		image.Rect(box.Min.X, box.Min.Y, box.Max.X, box.Min.Y+thick), image.Rect(box.Min.X, box.Max.Y-thick, box.Max.X, box.Max.Y),
		image.Rect(box.Min.X, box.Min.Y, box.Min.X+thick, box.Max.Y), image.Rect(box.Max.X-thick, box.Min.Y, box.Max.X, box.Max.Y),
	} {
		fillRect(canvas, side, ink)
	}
	for _, p := range f.Keypoints {
		x, y := int(p.X), int(p.Y)
		fillRect(canvas, image.Rect(x-thick, y-thick, x+thick+1, y+thick+1), ink)
	}
	drawTitle(canvas, box.Min, fmt.Sprintf("%s %.0f%%", title(f), 100*f.Score), ink)
}

// drawTitle writes text on a bar above a box, or inside it at the picture's
// top.
func drawTitle(canvas *image.RGBA, at image.Point, text string, ink color.RGBA) {
	face := basicfont.Face7x13
	d := font.Drawer{Dst: canvas, Src: image.White, Face: face}
	const margin = 2
	height := face.Height + margin
	top := max(at.Y-height, 0)
	fillRect(canvas, image.Rect(at.X, top, at.X+d.MeasureString(text).Ceil()+2*margin, top+height), ink)
	d.Dot = fixed.P(at.X+margin, top+face.Ascent+margin/2)
	d.DrawString(text)
}

// drawMask tints the pixels of an object.
func drawMask(canvas *image.RGBA, mask *ops.Tensor, ink color.RGBA) {
	width := mask.Dim(1)
	for i, p := range mask.Data() {
		if p < threshold {
			continue
		}
		pixel := canvas.Pix[canvas.PixOffset(i%width, i/width):]
		for c, v := range [3]uint8{ink.R, ink.G, ink.B} {
			pixel[c] = uint8((int(pixel[c]) + int(v)) / 2)
		}
	}
}

func fillRect(canvas *image.RGBA, r image.Rectangle, ink color.RGBA) {
	draw.Draw(canvas, r.Intersect(canvas.Bounds()), image.NewUniform(ink), image.Point{}, draw.Src)
}
