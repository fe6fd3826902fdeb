package transform

// upright undoes an EXIF orientation: orientations of 5 and more lie on their
// side.
func upright(src *RGB, orientation int) *RGB {
	if orientation == 1 {
		return src
	}
	w, h := src.Width, src.Height
	if orientation >= 5 {
		w, h = h, w
	}
	dst := newRGB(w, h)
	for y := range h {
		row := dst.Row(y)
		for x := range w {
			sx, sy := sourceOf(orientation, x, y, src.Width-1, src.Height-1)
			copy(row[3*x:3*x+3], src.Row(sy)[3*sx:3*sx+3])
		}
	}
	return dst
}

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
