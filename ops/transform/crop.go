package transform

import (
	"image"
	"math"
)

// CenterCrop cuts width×height pixels from the middle, as torchvision's
// CenterCrop does: an odd remainder is rounded to even, and where the image is
// smaller than the crop it is first surrounded with black.
func CenterCrop(img image.Image, width, height int) (*RGB, error) {
	src, err := ToRGB(img)
	if err != nil {
		return nil, err
	}
	if err := checkSize(width, height); err != nil {
		return nil, err
	}
	left, top := cropStart(src.Width, width), cropStart(src.Height, height)
	dst := newRGB(width, height)
	draw(dst, src, -left, -top)
	return dst, nil
}

// cropStart is the first column of a crop; it is negative where the image is
// narrower.
func cropStart(have, want int) int {
	if want > have {
		return -((want - have) / 2)
	}
	return int(math.RoundToEven(float64(have-want) / 2))
}

// draw copies an image into another at (x, y), as much as fits.
func draw(dst, src *RGB, x, y int) {
	from, to := max(0, x), min(dst.Width, x+src.Width)
	if from >= to {
		return
	}
	for row := max(0, y); row < min(dst.Height, y+src.Height); row++ {
		copy(dst.Row(row)[3*from:3*to], src.Row(row - y)[3*(from-x):])
	}
}
