package ops

import "math"

// Box is a rectangle by its corners, in pixels. Nothing makes a box valid: one
// whose X2 is not right of its X1 is degenerate and has, as in torchvision, a
// width, and perhaps an area, of zero or less.
type Box struct{ X1, Y1, X2, Y2 float32 }

// Width is X2 - X1.
func (b Box) Width() float32 { return b.X2 - b.X1 }

// Height is Y2 - Y1.
func (b Box) Height() float32 { return b.Y2 - b.Y1 }

// Area is width times height (torchvision.ops.box_area).
func (b Box) Area() float32 { return b.Width() * b.Height() }

// IsFinite reports whether no coordinate is NaN or infinite.
func (b Box) IsFinite() bool {
	// The difference of an infinity or NaN with itself is NaN.
	d := (b.X1 - b.X1) + (b.Y1 - b.Y1) + (b.X2 - b.X2) + (b.Y2 - b.Y2)
	return d == 0
}

// Scale multiplies the coordinates: x by sx, y by sy (torchvision's
// resize_boxes).
func (b Box) Scale(sx, sy float32) Box {
	return Box{b.X1 * sx, b.Y1 * sy, b.X2 * sx, b.Y2 * sy}
}

// Clip limits the box to an image of width×height (torchvision.ops.
// clip_boxes_to_image). NaN stays NaN.
func (b Box) Clip(width, height int) Box {
	w, h := float32(width), float32(height)
	return Box{clamp(b.X1, w), clamp(b.Y1, h), clamp(b.X2, w), clamp(b.Y2, h)}
}

// clamp limits v to 0 … hi; NaN passes.
func clamp(v, hi float32) float32 {
	switch {
	case v < 0:
		return 0
	case v > hi:
		return hi
	}
	return v
}

// ClipBoxes limits boxes to an image, in place.
func ClipBoxes(boxes []Box, width, height int) {
	for i, b := range boxes {
		boxes[i] = b.Clip(width, height)
	}
}

// LargeBoxes lists the indices of boxes of which both sides are at least
// minSize, in order (torchvision.ops.remove_small_boxes). Boxes with NaN are
// not among them.
func LargeBoxes(boxes []Box, minSize float32) []int {
	var keep []int
	for i, b := range boxes {
		if b.Width() >= minSize && b.Height() >= minSize {
			keep = append(keep, i)
		}
	}
	return keep
}

// intersection is the area that two boxes share.
func (b Box) intersection(c Box) float32 {
	w := atLeastZero(minimum(b.X2, c.X2) - maximum(b.X1, c.X1))
	h := atLeastZero(minimum(b.Y2, c.Y2) - maximum(b.Y1, c.Y1))
	return w * h
}

// IoU is the intersection over the union of two boxes, 0 to 1 (torchvision.ops.
// box_iou). It is NaN for two boxes of no area, and where a coordinate is NaN.
func IoU(a, b Box) float32 {
	inter := a.intersection(b)
	return inter / (a.Area() + b.Area() - inter)
}

// GIoU is the generalised intersection over union of Rezatofighi et al. (2019),
// -1 to 1: the IoU less the share of the two boxes' hull that neither covers
// (torchvision.ops.generalized_box_iou). NaN is as in IoU.
func GIoU(a, b Box) float32 {
	inter := a.intersection(b)
	union := a.Area() + b.Area() - inter
	w := atLeastZero(maximum(a.X2, b.X2) - minimum(a.X1, b.X1))
	h := atLeastZero(maximum(a.Y2, b.Y2) - minimum(a.Y1, b.Y1))
	hull := w * h
	return inter/union - (hull-union)/hull
}

// PairwiseIoU is the IoU of every box of a with every one of b: element
// i*len(b)+j is that of a[i] and b[j].
func PairwiseIoU(a, b []Box) []float32 { return pairwise(a, b, IoU) }

// PairwiseGIoU is the GIoU of every box of a with every one of b, in the order
// of PairwiseIoU.
func PairwiseGIoU(a, b []Box) []float32 { return pairwise(a, b, GIoU) }

func pairwise(a, b []Box, measure func(a, b Box) float32) []float32 {
	out := make([]float32, 0, len(a)*len(b))
	for _, p := range a {
		for _, q := range b {
			out = append(out, measure(p, q))
		}
	}
	return out
}

// minimum and maximum let NaN through, as torch.min and torch.max do.
func minimum(a, b float32) float32 {
	if a < b || a != a {
		return a
	}
	return b
}

func maximum(a, b float32) float32 {
	if a > b || a != a {
		return a
	}
	return b
}

// atLeastZero is torch.clamp(min=0), which lets NaN through.
func atLeastZero(v float32) float32 {
	if v < 0 {
		return 0
	}
	return v
}

func isNaN(v float32) bool { return v != v }

func exp32(v float32) float32  { return float32(math.Exp(float64(v))) }
func log32(v float32) float32  { return float32(math.Log(float64(v))) }
func sqrt32(v float32) float32 { return float32(math.Sqrt(float64(v))) }
