package detect

import (
	"context"
	"fmt"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/ops"
)

// boxSide is the side of the regions that the box head sees.
const boxSide = 7

// boxHead classifies regions and corrects their boxes.
type boxHead struct {
	settings *settings
	side     int // of the regions
	// features is the end of the convolutions, nil where there are none.
	features       *graph.Node
	logits, deltas *graph.Node
}

// buildBoxHead adds torchvision's TwoMLPHead, or for v2 its FastRCNNConvFCHead,
// and FastRCNNPredictor.
func (b *builder) buildBoxHead(s *settings) *boxHead {
	const head = "roi_heads.box_head."
	h := &boxHead{settings: s, side: boxSide}
	in := s.channels * boxSide * boxSide
	var x *graph.Node
	if s.v2 {
		x = b.regionInput("box_head", s.channels)
		const convs = 4
		for i := range convs {
			x = b.block(fmt.Sprintf("%s%d", head, i), x, s.channels, s.channels, batchNorm)
		}
		h.features = x
		x = b.regionInput("box_head.flat", in)
		x = b.relu(head+"6", b.linear(head+"5", x, in, s.hidden))
	} else {
		x = b.regionInput("box_head", in)
		x = b.relu(head+"relu6", b.linear(head+"fc6", x, in, s.hidden))
		x = b.relu(head+"relu7", b.linear(head+"fc7", x, s.hidden, s.hidden))
	}
	h.predict(b, x, s.hidden)
	return h
}

// predict adds torchvision's FastRCNNPredictor. detectron2's has the background
// last in the one layer, and lacks it in the other.
func (h *boxHead) predict(b *builder, x *graph.Node, in int) {
	const logits, deltas = "roi_heads.box_predictor.cls_score", "roi_heads.box_predictor.bbox_pred"
	classes := h.settings.classes
	h.logits = b.linear(logits, x, in, classes)
	h.deltas = b.linear(deltas, x, in, 4*classes)
	if h.settings.backgroundLast {
		b.adapters[logits+".weight"] = classRows(classes, 1, []int{in}, false).then(b.adapters[logits+".weight"])
		b.adapters[logits+".bias"] = classRows(classes, 1, nil, false)
		b.adapters[deltas+".weight"] = classRows(classes, 4, []int{in}, true).then(b.adapters[deltas+".weight"])
		b.adapters[deltas+".bias"] = classRows(classes, 4, nil, true)
	}
}

// chunk is how many regions are pooled at a time.
const chunk = 512

// classify turns proposals into the objects of each image, by falling score.
func (h *boxHead) classify(ctx context.Context, d *Detector, p *pooler, rois []ops.RoI, b *batch) ([][]found, error) {
	lists := make([]*boxes, len(b.resized))
	for i := range lists {
		lists[i] = &boxes{}
	}
	for len(rois) > 0 {
		n := min(chunk, len(rois))
		logits, deltas, err := h.run(ctx, d, p, rois[:n])
		if err != nil {
			return nil, err
		}
		if err := h.collect(lists, rois[:n], logits, deltas, b); err != nil {
			return nil, err
		}
		rois = rois[n:]
	}
	objects := make([][]found, len(lists))
	for i, list := range lists {
		kept, err := list.suppress(h.settings.nms, h.settings.detections)
		if err != nil {
			return nil, err
		}
		for k := range kept.box {
			if h.settings.nonEmpty && !(kept.box[k].Width() > 0 && kept.box[k].Height() > 0) {
				continue
			}
			objects[i] = append(objects[i], found{box: kept.box[k], score: kept.score[k], label: kept.class[k]})
		}
	}
	return objects, nil
}

// run computes the rows of logits and deltas of some regions.
func (h *boxHead) run(ctx context.Context, d *Detector, p *pooler, rois []ops.RoI) (logits, deltas []float32, err error) {
	x, err := p.pool(ctx, rois, h.side)
	if err != nil {
		return nil, nil, err
	}
	if h.features != nil {
		out, err := d.runMaps(ctx, x, h.features)
		if err != nil {
			return nil, nil, err
		}
		x = out[0]
	}
	rows, err := d.runRows(ctx, x, h.logits, h.deltas)
	if err != nil {
		return nil, nil, err
	}
	return rows[0], rows[1], nil
}

// collect adds the boxes of every class but the background that score enough.
func (h *boxHead) collect(lists []*boxes, rois []ops.RoI, logits, deltas []float32, b *batch) error {
	n := h.settings.classes
	x, err := ops.FromSlice(logits, len(rois), n)
	if err != nil {
		return err
	}
	scores, err := ops.Softmax(x)
	if err != nil {
		return err
	}
	coder := ops.NewBoxCoder([4]float32{10, 10, 5, 5})
	for k, roi := range rois {
		limits := b.resized[roi.Image]
		for class := 1; class < n; class++ {
			score := scores.Data()[k*n+class]
			if !(score > h.settings.score) {
				continue
			}
			at := (k*n + class) * 4
			box := coder.Decode([4]float32(deltas[at:at+4]), roi.Box).Clip(limits.w, limits.h)
			if box.Width() >= h.settings.boxSize && box.Height() >= h.settings.boxSize {
				lists[roi.Image].add(box, score, class)
			}
		}
	}
	return nil
}
