package main

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"slices"

	xdraw "golang.org/x/image/draw"
	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"

	"github.com/vertebra-vision/vertebra/weights"
)

// neighbour is another image and the cosine of the angle to it.
type neighbour struct {
	index  int
	cosine float32
}

// nearest finds the k nearest neighbours of the images that are shown.
func (s *collection) nearest(k int) [][]neighbour {
	lists := make([][]neighbour, min(len(s.names), maxSheet))
	for i := range lists {
		var all []neighbour
		for j := range s.names {
			if j != i {
				all = append(all, neighbour{j, dot(s.row(i), s.row(j))})
			}
		}
		slices.SortStableFunc(all, func(a, b neighbour) int {
			if a.cosine > b.cosine {
				return -1
			}
			return 1
		})
		lists[i] = all[:min(k, len(all))]
	}
	return lists
}

func dot(a, b []float32) float32 {
	var sum float32
	for i, v := range a {
		sum += v * b[i]
	}
	return sum
}

// The contact sheet's measures in pixels, and the most images it is made of.
const (
	maxSheet = 500
	maxRows  = 12
	tile     = 96
	gap      = 6
	caption  = 16
)

// thumbnail fits an image into a tile.
func thumbnail(img image.Image) image.Image {
	b := img.Bounds()
	scale := min(float64(tile)/float64(b.Dx()), float64(tile)/float64(b.Dy()))
	small := image.NewRGBA(image.Rect(0, 0, max(1, int(scale*float64(b.Dx()))), max(1, int(scale*float64(b.Dy())))))
	xdraw.CatmullRom.Scale(small, small.Rect, img, b, draw.Src, nil)
	return small
}

// saveSheet draws a row for each of the first images: the image, a bar, and
// its neighbours with their cosines.
func saveSheet(path string, s *collection, nearest [][]neighbour) error {
	rows, columns := min(maxRows, len(nearest)), 1+len(nearest[0])
	sheet := image.NewRGBA(image.Rect(0, 0, columns*(tile+gap)+2*gap, rows*(tile+caption+gap)+gap))
	draw.Draw(sheet, sheet.Rect, image.White, image.Point{}, draw.Src)
	for i, list := range nearest[:rows] {
		y := gap + i*(tile+caption+gap)
		s.tile(sheet, gap, y, i, s.labels[i])
		for j, n := range list {
			x := 3*gap + (j+1)*(tile+gap) - gap
			s.tile(sheet, x, y, n.index, fmt.Sprintf("%.3f", n.cosine))
		}
	}
	bar := image.Rect(tile+2*gap-1, gap, tile+2*gap+1, sheet.Rect.Max.Y-gap)
	draw.Draw(sheet, bar, image.NewUniform(color.Gray{180}), image.Point{}, draw.Src)
	return weights.SaveFile(path, func(w io.Writer) error { return png.Encode(w, sheet) })
}

// tile draws an image, if it is one of those kept, and a caption.
func (s *collection) tile(sheet *image.RGBA, x, y, index int, text string) {
	if index < len(s.thumbnails) {
		m := s.thumbnails[index]
		b := m.Bounds()
		at := image.Pt(x+(tile-b.Dx())/2, y+(tile-b.Dy())/2)
		draw.Draw(sheet, image.Rectangle{at, at.Add(b.Size())}, m, b.Min, draw.Src)
	}
	d := font.Drawer{Dst: sheet, Src: image.Black, Face: basicfont.Face7x13, Dot: fixed.P(x, y+tile+12)}
	d.DrawString(text[:min(len(text), tile/7)])
}
