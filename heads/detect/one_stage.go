package detect

import (
	"context"
	"fmt"
	"math"
	"slices"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/fpn"
	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/ops"
)

// oneStage is a detector whose heads look at every place of the pyramid.
type oneStage struct {
	*Detector
	anchors ops.AnchorGenerator
	coder   boxDecoder
	// A node for each level; centerness is empty in RetinaNet.
	logits, deltas, centerness []*graph.Node
}

// boxDecoder is ops.BoxCoder or ops.BoxLinearCoder.
type boxDecoder interface {
	Decode(delta [4]float32, reference ops.Box) ops.Box
}

// NewRetinaNet makes RetinaNet (Lin et al., "Focal Loss for Dense Object
// Detection", 2017): torchvision's retinanet_resnet50_fpn where the pyramid is
// P3 to P7 with P6 from P5, on ResNet-50. It starts with the pyramid's weights,
// and random ones in its heads, until [Detector.Load]. Errors wrap ErrConfig.
func NewRetinaNet(pyr *fpn.Pyramid, opts ...Option) (*Detector, error) {
	return newRetinaNet("retinanet", pyr, noNorm, opts)
}

// NewRetinaNetV2 makes torchvision's retinanet_resnet50_fpn_v2, where the
// pyramid has P6 from C5: group normalisation in the heads.
func NewRetinaNetV2(pyr *fpn.Pyramid, opts ...Option) (*Detector, error) {
	return newRetinaNet("retinanet_v2", pyr, groupNorm, opts)
}

func newRetinaNet(kind string, pyr *fpn.Pyramid, n norm, opts []Option) (*Detector, error) {
	s := defaults()
	s.detections = 300
	if err := s.onPyramid(pyr, opts); err != nil {
		return nil, err
	}
	anchors, err := s.anchorsOr(pyr, 4, []float64{1, math.Pow(2, 1.0/3), math.Pow(2, 2.0/3)}, []float32{0.5, 1, 2})
	if err != nil {
		return nil, err
	}
	o := &oneStage{coder: ops.NewBoxCoder([4]float32{1, 1, 1, 1}), anchors: anchors}
	return o.build(kind, pyr, s, n, func(b *builder, x *graph.Node) {
		class, box := x, x
		for i := range headConvs {
			class = b.block(fmt.Sprintf("head.classification_head.conv.%d", i), class, s.channels, s.channels, n)
			box = b.block(fmt.Sprintf("head.regression_head.conv.%d", i), box, s.channels, s.channels, n)
		}
		k := anchors.PerLocation(0)
		o.logits = append(o.logits, b.conv("head.classification_head.cls_logits", class, s.channels, k*s.classes, 3))
		o.deltas = append(o.deltas, b.conv("head.regression_head.bbox_reg", box, s.channels, 4*k, 3))
	})
}

// headConvs is the convolutions of each of the heads' towers.
const headConvs = 4

// NewFCOS makes FCOS (Tian et al. 2019): torchvision's fcos_resnet50_fpn where
// the pyramid is P3 to P7 with P6 from P5, on ResNet-50. Otherwise it is as
// NewRetinaNet.
func NewFCOS(pyr *fpn.Pyramid, opts ...Option) (*Detector, error) {
	s := defaults()
	s.score, s.nms = 0.2, 0.6
	if err := s.onPyramid(pyr, opts); err != nil {
		return nil, err
	}
	anchors, err := s.anchorsOr(pyr, 1, []float64{1}, []float32{1})
	if err != nil {
		return nil, err
	}
	o := &oneStage{coder: ops.BoxLinearCoder{NormalizeBySize: true}, anchors: anchors}
	tower := func(b *builder, head string, x *graph.Node) *graph.Node {
		for i := range headConvs {
			x = b.conv(fmt.Sprintf("head.%s.conv.%d", head, 3*i), x, s.channels, s.channels, 3)
			x = b.norm(fmt.Sprintf("head.%s.conv.%d", head, 3*i+1), x, s.channels, groupNorm)
			x = b.relu(fmt.Sprintf("head.%s.conv.%d", head, 3*i+2), x)
		}
		return x
	}
	return o.build("fcos", pyr, s, groupNorm, func(b *builder, x *graph.Node) {
		class, box := tower(b, "classification_head", x), tower(b, "regression_head", x)
		k := anchors.PerLocation(0)
		o.logits = append(o.logits, b.conv("head.classification_head.cls_logits", class, s.channels, k*s.classes, 3))
		distances := b.conv("head.regression_head.bbox_reg", box, s.channels, 4*k, 3)
		o.deltas = append(o.deltas, b.g.Func("head.regression_head.relu", graph.Activation{Func: graph.ReLU}, distances))
		o.centerness = append(o.centerness, b.conv("head.regression_head.bbox_ctrness", box, s.channels, k, 3))
	})
}

// build calls head for each level of the pyramid.
func (o *oneStage) build(kind string, pyr *fpn.Pyramid, s settings, n norm, head func(b *builder, x *graph.Node)) (*Detector, error) {
	if n == groupNorm && s.channels%32 != 0 {
		return nil, errors.Wrapf(ErrConfig, "%s: the pyramid's %d channels do not divide into the 32 groups of its heads' normalisation", kind, s.channels)
	}
	var err error
	o.Detector, err = newDetector(kind, pyr.Network, pyr.Levels(), s, func(b *builder) error {
		o.logits, o.deltas, o.centerness = nil, nil, nil
		for _, x := range b.levels {
			head(b, x)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	o.Detector.find, o.Detector.outputs = o.find, o.nodes
	return o.Detector, nil
}

// nodes are the nodes to run.
func (o *oneStage) nodes() []*graph.Node {
	return slices.Concat(o.logits, o.deltas, o.centerness)
}

// find implements Detector.find.
func (o *oneStage) find(ctx context.Context, b *batch) ([][]found, error) {
	out, err := o.run(ctx, b.x, o.nodes()...)
	if err != nil {
		return nil, err
	}
	objects := make([][]found, len(b.resized))
	for i := range objects {
		list := &boxes{}
		for level := range o.logits {
			o.collect(list, out, level, i, b)
		}
		kept, err := list.suppress(o.settings.nms, o.settings.detections)
		if err != nil {
			return nil, err
		}
		for k := range kept.box {
			objects[i] = append(objects[i], found{box: kept.box[k], score: kept.score[k], label: kept.class[k]})
		}
	}
	return objects, nil
}

// collect adds the best boxes of image i at one level.
func (o *oneStage) collect(list *boxes, out []*ops.Tensor, level, i int, b *batch) {
	levels := len(o.logits)
	logits, deltas := valuesOf(out[level], i), valuesOf(out[levels+level], i)
	var centerness []float32
	if len(o.centerness) > 0 {
		centerness = valuesOf(out[2*levels+level], i)
	}
	h, w := out[level].Dim(2), out[level].Dim(3)
	g := newGrid(o.anchors, level, h, w, size{b.x.Dim(2), b.x.Dim(3)})
	limits := b.resized[i]
	n := o.settings.classes
	for _, c := range best(o.scores(logits, centerness, len(g.cell), h*w), o.settings.candidates) {
		anchor, class := c.index/n, c.index%n
		p, a := anchor/len(g.cell), anchor%len(g.cell)
		box := o.coder.Decode(delta(deltas, h*w, a, p), g.at(p, a)).Clip(limits.w, limits.h)
		list.add(box, c.score, class)
	}
}

// scores lists what scores above the threshold, at torchvision's index: pixel,
// anchor, class.
func (o *oneStage) scores(logits, centerness []float32, anchors, hw int) []candidate {
	n := o.settings.classes
	least := logit(o.settings.score)
	if centerness != nil {
		// The score is the root of a product with something below one.
		least = logit(o.settings.score * o.settings.score)
	}
	var list []candidate
	for a := range anchors {
		for class := range n {
			for p, v := range logits[(a*n+class)*hw : (a*n+class+1)*hw] {
				if v < least {
					continue
				}
				score := sigmoid(v)
				if centerness != nil {
					score = float32(math.Sqrt(float64(score * sigmoid(centerness[a*hw+p]))))
				}
				if score > o.settings.score {
					list = append(list, candidate{score, (p*anchors+a)*n + class})
				}
			}
		}
	}
	return list
}
