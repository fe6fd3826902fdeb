package ops

import (
	"math"

	"github.com/pkg/errors"
)

// AnchorGenerator makes the anchors of detectors, as torchvision's
// AnchorGenerator: at every pixel of level i's map, a box for each of
// AspectRatios[i] and, within it, each of Sizes[i].
type AnchorGenerator struct {
	// Sizes are the square roots of the anchors' areas in pixels of the image,
	// for each level.
	Sizes [][]float32
	// AspectRatios are heights over widths, for each level.
	AspectRatios [][]float32
	// Exact anchors are not rounded to whole pixels: detectron2's.
	Exact bool
	// Strides are the distances between locations in pixels of the image, for
	// each level, as detectron2 has them. Without any it is the whole number
	// of times that the map fits into the image, as in torchvision.
	Strides []int
}

// Validate reports levels that do not match and sizes or ratios that are not
// positive. The error wraps ErrShape.
func (g AnchorGenerator) Validate() error {
	if len(g.Sizes) == 0 || len(g.Sizes) != len(g.AspectRatios) {
		return errors.Wrapf(ErrShape, "anchors: sizes for %d levels, aspect ratios for %d", len(g.Sizes), len(g.AspectRatios))
	}
	for level := range g.Sizes {
		if len(g.Sizes[level]) == 0 || len(g.AspectRatios[level]) == 0 {
			return errors.Wrapf(ErrShape, "anchors: level %d has %d sizes and %d aspect ratios, want at least one of each", level, len(g.Sizes[level]), len(g.AspectRatios[level]))
		}
		for _, list := range [][]float32{g.Sizes[level], g.AspectRatios[level]} {
			for _, v := range list {
				if !(v > 0) || math.IsInf(float64(v), 0) {
					return errors.Wrapf(ErrShape, "anchors: size or aspect ratio %v of level %d, want a positive number", v, level)
				}
			}
		}
	}
	if len(g.Strides) != 0 && len(g.Strides) != len(g.Sizes) {
		return errors.Wrapf(ErrShape, "anchors: strides for %d levels, sizes for %d", len(g.Strides), len(g.Sizes))
	}
	for level, s := range g.Strides {
		if s < 1 {
			return errors.Wrapf(ErrShape, "anchors: stride %d of level %d, want a positive number", s, level)
		}
	}
	return nil
}

// PerLocation is the number of anchors at each pixel of a level's map.
func (g AnchorGenerator) PerLocation(level int) int {
	return len(g.Sizes[level]) * len(g.AspectRatios[level])
}

// Cell gives the anchors of one location of a level, centred on the origin and,
// unless they are Exact, rounded to whole pixels, halves to even.
func (g AnchorGenerator) Cell(level int) []Box {
	cell := make([]Box, 0, g.PerLocation(level))
	for _, ratio := range g.AspectRatios[level] {
		h := sqrt32(ratio)
		w := 1 / h
		for _, size := range g.Sizes[level] {
			x, y := w*size/2, h*size/2
			if !g.Exact {
				x, y = roundEven(x), roundEven(y)
			}
			cell = append(cell, Box{-x, -y, x, y})
		}
	}
	return cell
}

func roundEven(v float32) float32 { return float32(math.RoundToEven(float64(v))) }

// Stride is the distance between the locations of a level whose map is
// rows×columns, for a batch of imageHeight×imageWidth pixels.
func (g AnchorGenerator) Stride(level, rows, columns, imageHeight, imageWidth int) (x, y int) {
	if level < len(g.Strides) {
		return g.Strides[level], g.Strides[level]
	}
	return imageWidth / columns, imageHeight / rows
}

// Grid gives all anchors of a level whose map is rows×columns, for a batch of
// imageHeight×imageWidth pixels, padding included: row by row, at each pixel
// the cell's.
func (g AnchorGenerator) Grid(level, rows, columns, imageHeight, imageWidth int) ([]Box, error) {
	if level < 0 || level >= len(g.Sizes) {
		return nil, errors.Wrapf(ErrShape, "anchors: level %d of %d", level, len(g.Sizes))
	}
	if rows < 1 || columns < 1 || rows > imageHeight || columns > imageWidth {
		return nil, errors.Wrapf(ErrShape, "anchors: a map of %dx%d for an image of %dx%d", rows, columns, imageHeight, imageWidth)
	}
	cell := g.Cell(level)
	strideX, strideY := g.Stride(level, rows, columns, imageHeight, imageWidth)
	boxes := make([]Box, 0, rows*columns*len(cell))
	for r := range rows {
		y := float32(r * strideY)
		for c := range columns {
			x := float32(c * strideX)
			for _, a := range cell {
				boxes = append(boxes, Box{x + a.X1, y + a.Y1, x + a.X2, y + a.Y2})
			}
		}
	}
	return boxes, nil
}
