package ops

import (
	"math"
	"slices"

	"github.com/pkg/errors"
)

// NMS is non-maximum suppression (torchvision.ops.nms): it goes through boxes
// by falling score and drops those whose IoU with one that it kept exceeds
// iouThreshold. It returns the indices of the kept boxes by falling score;
// equal scores keep their order. As in torchvision NaN counts as the highest
// score, and an IoU that is NaN, as that of two boxes without area, drops
// nothing. No boxes give no indices. The error, for lengths that differ or a
// threshold that is NaN, wraps ErrShape.
func NMS(boxes []Box, scores []float32, iouThreshold float64) ([]int, error) {
	if err := checkNMS(boxes, scores, iouThreshold); err != nil {
		return nil, err
	}
	return suppress(boxes, orderByScore(scores), iouThreshold), nil
}

func checkNMS(boxes []Box, scores []float32, iouThreshold float64) error {
	if len(boxes) != len(scores) {
		return errors.Wrapf(ErrShape, "nms: %d boxes and %d scores", len(boxes), len(scores))
	}
	if math.IsNaN(iouThreshold) {
		return errors.Wrap(ErrShape, "nms: the IoU threshold is NaN")
	}
	return nil
}

// orderByScore lists indices by falling score, NaN first, equal ones in order:
// torch.sort(stable=True, descending=True).
func orderByScore(scores []float32) []int {
	order := make([]int, len(scores))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		a, b := scores[i], scores[j]
		switch {
		case a > b || isNaN(a) && !isNaN(b):
			return -1
		case a < b || isNaN(b) && !isNaN(a):
			return 1
		}
		return 0
	})
	return order
}

// candidate is a box that is still in the running.
type candidate struct {
	box   Box
	area  float32
	index int
}

// suppress keeps the first box of order, drops what overlaps it, and so on.
func suppress(boxes []Box, order []int, threshold float64) []int {
	rest := make([]candidate, len(order))
	for i, j := range order {
		rest[i] = candidate{boxes[j], boxes[j].Area(), j}
	}
	var keep []int
	for len(rest) > 0 {
		first := rest[0]
		keep = append(keep, first.index)
		if threshold >= 0 {
			rest = disjoint(first, rest[1:], threshold)
		} else {
			rest = disjointSlow(first, rest[1:], threshold)
		}
	}
	return keep
}

// disjoint moves the candidates that first does not suppress to the front. Most
// pairs do not touch, and are found out before anything is divided: an IoU of
// zero exceeds no threshold.
func disjoint(first candidate, rest []candidate, threshold float64) []candidate {
	n := 0
	a := first.box
	for i := range rest {
		c := &rest[i]
		b := &c.box
		if a.X2 > b.X1 && b.X2 > a.X1 && a.Y2 > b.Y1 && b.Y2 > a.Y1 && overlap(&first, c) > threshold {
			continue
		}
		if n != i {
			rest[n] = *c
		}
		n++
	}
	return rest[:n]
}

// disjointSlow is disjoint for thresholds below zero, which boxes that do not
// touch exceed as well.
func disjointSlow(first candidate, rest []candidate, threshold float64) []candidate {
	return slices.DeleteFunc(rest, func(c candidate) bool { return overlap(&first, &c) > threshold })
}

// overlap is the IoU in float32, in the order of torchvision's nms kernel.
func overlap(a, b *candidate) float64 {
	w := min(a.box.X2, b.box.X2) - max(a.box.X1, b.box.X1)
	h := min(a.box.Y2, b.box.Y2) - max(a.box.Y1, b.box.Y1)
	if !(w > 0) {
		w = 0
	}
	if !(h > 0) {
		h = 0
	}
	inter := w * h
	return float64(inter / (a.area + b.area - inter))
}

// batchedVanilla is the number of boxes above which torchvision's batched_nms
// goes class by class on a CPU. Below, it moves each class's boxes to a place
// of their own and runs NMS once.
const batchedVanilla = 1000

// BatchedNMS is NMS within each class: boxes of different classes do not
// suppress each other (torchvision.ops.batched_nms). It returns the indices of
// the kept boxes by falling score; equal scores keep their order.
//
// torchvision's two strategies give the same boxes but for the rounding of
// coordinates that one of them moves. This follows it there as well, unless a
// coordinate is not finite, where moving would mix the classes up.
func BatchedNMS(boxes []Box, scores []float32, classes []int, iouThreshold float64) ([]int, error) {
	if err := checkNMS(boxes, scores, iouThreshold); err != nil {
		return nil, err
	}
	if len(classes) != len(boxes) {
		return nil, errors.Wrapf(ErrShape, "nms: %d boxes and %d classes", len(boxes), len(classes))
	}
	if len(boxes) <= batchedVanilla {
		if moved, ok := moveApart(boxes, classes); ok {
			return suppress(moved, orderByScore(scores), iouThreshold), nil
		}
	}
	byClass := map[int][]int{}
	order := orderByScore(scores)
	for _, i := range order {
		byClass[classes[i]] = append(byClass[classes[i]], i)
	}
	kept := make([]bool, len(boxes))
	for _, members := range byClass {
		for _, i := range suppress(boxes, members, iouThreshold) {
			kept[i] = true
		}
	}
	return slices.DeleteFunc(order, func(i int) bool { return !kept[i] }), nil
}

// moveApart shifts each class's boxes so that no two classes meet; false where
// coordinates are negative or not finite, so that it would not do that.
func moveApart(boxes []Box, classes []int) ([]Box, bool) {
	var largest float32
	for _, b := range boxes {
		if !b.IsFinite() || min(b.X1, b.Y1, b.X2, b.Y2) < 0 {
			return nil, false
		}
		largest = max(largest, b.X1, b.Y1, b.X2, b.Y2)
	}
	moved := make([]Box, len(boxes))
	for i, b := range boxes {
		d := float32(classes[i]) * (largest + 1)
		moved[i] = Box{b.X1 + d, b.Y1 + d, b.X2 + d, b.Y2 + d}
	}
	return moved, true
}
