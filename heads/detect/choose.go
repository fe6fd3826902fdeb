package detect

import (
	"math"
	"slices"

	"github.com/vertebra-vision/vertebra/ops"
)

// candidate is a score at a place in some list.
type candidate struct {
	score float32
	index int
}

// best returns the n candidates of the highest scores, the highest first; of
// equal ones those that come first. NaN counts as the highest, as in torch's
// topk. It reorders the list.
func best(list []candidate, n int) []candidate {
	if len(list) > n {
		partition(list, n)
		list = list[:n]
	}
	slices.SortFunc(list, compare)
	return list
}

func compare(a, b candidate) int {
	an, bn := a.score != a.score, b.score != b.score
	switch {
	case a.score > b.score || an && !bn:
		return -1
	case a.score < b.score || bn && !an:
		return 1
	}
	return a.index - b.index
}

// partition moves the n first of the order to the front: Hoare's quickselect
// with the middle of three as the pivot.
func partition(list []candidate, n int) {
	for len(list) > 16 {
		a, b, c := list[0], list[len(list)/2], list[len(list)-1]
		if compare(a, b) > 0 {
			a, b = b, a
		}
		if compare(b, c) > 0 {
			b = c
			if compare(a, b) > 0 {
				b = a
			}
		}
		i, j := 0, len(list)-1
		for i <= j {
			for compare(list[i], b) < 0 {
				i++
			}
			for compare(list[j], b) > 0 {
				j--
			}
			if i <= j {
				list[i], list[j] = list[j], list[i]
				i++
				j--
			}
		}
		switch {
		case n <= j+1:
			list = list[:j+1]
		case n >= i:
			list, n = list[i:], n-i
		default:
			return
		}
	}
	slices.SortFunc(list, compare)
}

func sigmoid(x float32) float32 {
	return float32(1 / (1 + math.Exp(-float64(x))))
}

// logit is the input below which a sigmoid is surely below p.
func logit(p float32) float32 {
	if p <= 0 {
		return float32(math.Inf(-1))
	}
	q := float64(p)
	return float32(math.Log(q/(1-q))) - 1e-3
}

// grid is the anchors of one level, made when they are needed.
type grid struct {
	cell             []ops.Box
	columns          int
	strideX, strideY float32
}

// newGrid is for a map of h×w and a batch of the given size.
func newGrid(g ops.AnchorGenerator, level, h, w int, batch size) grid {
	strideX, strideY := g.Stride(level, h, w, batch.h, batch.w)
	return grid{cell: g.Cell(level), columns: w, strideX: float32(strideX), strideY: float32(strideY)}
}

// at is anchor a at pixel p of the map, counted row by row.
func (g *grid) at(p, a int) ops.Box {
	x, y := float32(p%g.columns)*g.strideX, float32(p/g.columns)*g.strideY
	c := g.cell[a]
	return ops.Box{X1: x + c.X1, Y1: y + c.Y1, X2: x + c.X2, Y2: y + c.Y2}
}

// delta reads four values a of pixel p from a plane-by-plane map of hw pixels.
func delta(data []float32, hw, a, p int) [4]float32 {
	return [4]float32{data[(4*a)*hw+p], data[(4*a+1)*hw+p], data[(4*a+2)*hw+p], data[(4*a+3)*hw+p]}
}

// boxes are boxes with what is known of them, in step.
type boxes struct {
	box   []ops.Box
	score []float32
	class []int
}

func (b *boxes) add(box ops.Box, score float32, class int) {
	b.box, b.score, b.class = append(b.box, box), append(b.score, score), append(b.class, class)
}

// suppress returns what remains within each class, at most n, by falling score.
func (b *boxes) suppress(threshold float64, n int) (*boxes, error) {
	keep, err := ops.BatchedNMS(b.box, b.score, b.class, threshold)
	if err != nil {
		return nil, err
	}
	out := &boxes{}
	for _, i := range keep[:min(n, len(keep))] {
		out.add(b.box[i], b.score[i], b.class[i])
	}
	return out, nil
}
