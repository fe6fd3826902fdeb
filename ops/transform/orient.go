package transform

import (
	"image"

	"github.com/vertebra-vision/vertebra/internal/pixel"
)

// upright undoes an EXIF orientation.
func upright(src *RGB, orientation int) *RGB {
	if orientation == 1 {
		return src
	}
	dst := newRGB(uprightSize(src.Width, src.Height, orientation))
	turn(dst.pixel(), src.pixel(), orientation)
	return dst
}

// uprightSize is the size of an upright image: orientations of 5 and more lie on
// their side.
func uprightSize(width, height, orientation int) (w, h int) {
	if orientation >= 5 {
		return height, width
	}
	return width, height
}

// turn copies a stored image to where it is upright. The pixels of a row come
// from places that are a step apart.
func turn(dst, src *pixel.RGB, orientation int) {
	place := func(x, y int) int {
		sx, sy := sourceOf(orientation, x, y, src.Width-1, src.Height-1)
		return 3 * (sy*src.Width + sx)
	}
	step := place(1, 0) - place(0, 0)
	for y := range dst.Height {
		row, at := dst.Row(y), place(0, y)
		for ; len(row) >= 3; row, at = row[3:], at+step {
			p := src.Pix[at : at+3 : at+3]
			row[0], row[1], row[2] = p[0], p[1], p[2]
		}
	}
}

// storedPart is where a part of an upright image lies in the stored one, whose
// size is given.
func storedPart(r image.Rectangle, orientation, width, height int) image.Rectangle {
	ax, ay := sourceOf(orientation, r.Min.X, r.Min.Y, width-1, height-1)
	bx, by := sourceOf(orientation, r.Max.X-1, r.Max.Y-1, width-1, height-1)
	return image.Rect(min(ax, bx), min(ay, by), max(ax, bx)+1, max(ay, by)+1)
}

// uprightPart is where a part of the stored image lies in the upright one.
func uprightPart(r image.Rectangle, orientation, width, height int) image.Rectangle {
	if r.Empty() {
		return image.Rectangle{}
	}
	width, height = uprightSize(width, height, orientation)
	return storedPart(r, inverse[orientation], width, height)
}

// inverse is the orientation that undoes another.
var inverse = [...]int{1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}

// sourceOf is where an upright pixel lies in the stored image, whose last
// column and row are right and bottom.
func sourceOf(orientation, x, y, right, bottom int) (sx, sy int) {
	switch orientation {
	case 2:
		return right - x, y
	case 3:
		return right - x, bottom - y
	case 4:
		return x, bottom - y
	case 5:
		return y, x
	case 6:
		return y, bottom - x
	case 7:
		return right - y, bottom - x
	case 8:
		return right - y, x
	}
	return x, y
}
