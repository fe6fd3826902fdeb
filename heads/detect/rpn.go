package detect

import (
	"fmt"
	"slices"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/ops"
)

// rpn is the region proposal network (Ren et al., "Faster R-CNN", 2015).
type rpn struct {
	anchors  ops.AnchorGenerator
	settings *settings
	// objectness and deltas have a node for each level.
	objectness, deltas []*graph.Node
}

// buildRPN adds the head, whose weights all levels share.
func (b *builder) buildRPN(anchors ops.AnchorGenerator, s *settings) *rpn {
	r := &rpn{anchors: anchors, settings: s}
	depth := 1
	if s.v2 {
		depth = 2
	}
	n := r.anchors.PerLocation(0)
	for _, x := range b.levels {
		for i := range depth {
			x = b.block(fmt.Sprintf("rpn.head.conv.%d", i), x, s.channels, s.channels, noNorm)
		}
		r.objectness = append(r.objectness, b.conv("rpn.head.cls_logits", x, s.channels, n, 1))
		r.deltas = append(r.deltas, b.conv("rpn.head.bbox_pred", x, s.channels, 4*n, 1))
	}
	return r
}

// outputs are the nodes to run.
func (r *rpn) outputs() []*graph.Node {
	return slices.Concat(r.objectness, r.deltas)
}

// propose chooses image i's proposals from the values of outputs.
func (r *rpn) propose(out []*ops.Tensor, i int, b *batch) ([]ops.Box, error) {
	levels := len(r.objectness)
	coder := ops.NewBoxCoder([4]float32{1, 1, 1, 1})
	limits, least := b.resized[i], r.settings.proposalSize
	list := &boxes{}
	for level := range levels {
		logits, deltas := valuesOf(out[level], i), valuesOf(out[levels+level], i)
		hw := out[level].Dim(2) * out[level].Dim(3)
		g := newGrid(r.anchors, level, out[level].Dim(2), out[level].Dim(3), size{b.x.Dim(2), b.x.Dim(3)})
		for _, c := range best(interleave(logits, len(g.cell), hw), r.settings.rpnPre) {
			p, a := c.index/len(g.cell), c.index%len(g.cell)
			box := coder.Decode(delta(deltas, hw, a, p), g.at(p, a)).Clip(limits.w, limits.h)
			score := sigmoid(c.score)
			if box.Width() < least || box.Height() < least || !box.IsFinite() || !(score >= r.settings.rpnScore) {
				continue
			}
			if r.settings.logits {
				score = c.score
			}
			list.add(box, score, level)
		}
	}
	list, err := list.suppress(r.settings.rpnNMS, r.settings.rpnPost)
	if err != nil {
		return nil, err
	}
	return list.box, nil
}

// interleave lists n planes of hw values pixel by pixel, torchvision's order.
func interleave(data []float32, n, hw int) []candidate {
	list := make([]candidate, 0, n*hw)
	for p := range hw {
		for a := range n {
			list = append(list, candidate{data[a*hw+p], p*n + a})
		}
	}
	return list
}

// valuesOf is the values of image i.
func valuesOf(t *ops.Tensor, i int) []float32 {
	n := t.Len() / t.Dim(0)
	return t.Data()[i*n : (i+1)*n]
}
