package detect

import (
	"context"
	"fmt"
	"math"

	"github.com/vertebra-vision/vertebra/backbone"
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
// Detection", 2017), torchvision's retinanet_resnet50_fpn on ResNet-50. The
// pyramid has P3 to P7. Until [Detector.Load] the backbone has net's weights
// and the rest random ones. Errors wrap ErrConfig.
func NewRetinaNet(net *backbone.Network, opts ...Option) (*Detector, error) {
	return newRetinaNet("retinanet", net, false, opts)
}

// NewRetinaNetV2 makes torchvision's retinanet_resnet50_fpn_v2: P6 from C5, and
// group normalisation in the heads.
func NewRetinaNetV2(net *backbone.Network, opts ...Option) (*Detector, error) {
	return newRetinaNet("retinanet_v2", net, true, opts)
}

func newRetinaNet(kind string, net *backbone.Network, v2 bool, opts []Option) (*Detector, error) {
	s := defaults()
	s.detections, s.v2 = 300, v2
	if err := s.apply(opts); err != nil {
		return nil, err
	}
	o := &oneStage{coder: ops.NewBoxCoder([4]float32{1, 1, 1, 1}), anchors: retinaAnchors()}
	e, n := extraFromP5, noNorm
	if v2 {
		e, n = extraFromC5, groupNorm
	}
	return o.build(kind, net, s, e, func(b *builder, x *graph.Node, perLocation int) {
		class, box := x, x
		const convs = 4
		for i := range convs {
			class = b.block(fmt.Sprintf("head.classification_head.conv.%d", i), class, s.channels, s.channels, 3, n, true)
			box = b.block(fmt.Sprintf("head.regression_head.conv.%d", i), box, s.channels, s.channels, 3, n, true)
		}
		o.logits = append(o.logits, b.conv("head.classification_head.cls_logits", class, s.channels, perLocation*s.classes, 3))
		o.deltas = append(o.deltas, b.conv("head.regression_head.bbox_reg", box, s.channels, 4*perLocation, 3))
	})
}

// retinaAnchors are torchvision's: three sizes a level, from 32, three ratios.
func retinaAnchors() ops.AnchorGenerator {
	var g ops.AnchorGenerator
	for _, size := range []float64{32, 64, 128, 256, 512} {
		g.Sizes = append(g.Sizes, []float32{
			float32(size), float32(math.Floor(size * math.Pow(2, 1.0/3))), float32(math.Floor(size * math.Pow(2, 2.0/3))),
		})
		g.AspectRatios = append(g.AspectRatios, []float32{0.5, 1, 2})
	}
	return g
}

// NewFCOS makes FCOS (Tian et al. 2019), torchvision's fcos_resnet50_fpn on
// ResNet-50, on P3 to P7.
func NewFCOS(net *backbone.Network, opts ...Option) (*Detector, error) {
	s := defaults()
	s.score, s.nms = 0.2, 0.6
	if err := s.apply(opts); err != nil {
		return nil, err
	}
	o := &oneStage{coder: ops.BoxLinearCoder{NormalizeBySize: true}}
	for _, size := range []float32{8, 16, 32, 64, 128} {
		o.anchors.Sizes = append(o.anchors.Sizes, []float32{size})
		o.anchors.AspectRatios = append(o.anchors.AspectRatios, []float32{1})
	}
	tower := func(b *builder, head string, x *graph.Node) *graph.Node {
		const convs = 4
		for i := range convs {
			x = b.conv(fmt.Sprintf("head.%s.conv.%d", head, 3*i), x, s.channels, s.channels, 3)
			x = b.norm(fmt.Sprintf("head.%s.conv.%d", head, 3*i+1), x, s.channels, groupNorm)
			x = b.relu(fmt.Sprintf("head.%s.conv.%d", head, 3*i+2), x)
		}
		return x
	}
	return o.build("fcos", net, s, extraFromP5, func(b *builder, x *graph.Node, perLocation int) {
		class, box := tower(b, "classification_head", x), tower(b, "regression_head", x)
		o.logits = append(o.logits, b.conv("head.classification_head.cls_logits", class, s.channels, perLocation*s.classes, 3))
		distances := b.conv("head.regression_head.bbox_reg", box, s.channels, 4*perLocation, 3)
		o.deltas = append(o.deltas, b.g.Func("head.regression_head.relu", graph.Activation{Func: graph.ReLU}, distances))
		o.centerness = append(o.centerness, b.conv("head.regression_head.bbox_ctrness", box, s.channels, perLocation, 3))
	})
}

// build makes the pyramid, then calls head for each level.
func (o *oneStage) build(kind string, net *backbone.Network, s settings, e extra, head func(b *builder, x *graph.Node, perLocation int)) (*Detector, error) {
	if err := checkNetwork(net); err != nil {
		return nil, err
	}
	b := newBuilder()
	levels, err := b.pyramid(net, neck{first: 1, channels: s.channels, extra: e})
	if err != nil {
		return nil, err
	}
	if err := checkAnchors(s.anchors, len(levels)); err != nil {
		return nil, err
	}
	if s.anchors != nil {
		o.anchors = *s.anchors
	}
	for _, x := range levels {
		head(b, x, o.anchors.PerLocation(0))
	}
	d, err := newDetector(kind, b, net, s)
	if err != nil {
		return nil, err
	}
	o.Detector, d.find = d, o.find
	return d, nil
}

// find implements Detector.find.
func (o *oneStage) find(ctx context.Context, b *batch) ([][]found, error) {
	nodes := append(append(append([]*graph.Node(nil), o.logits...), o.deltas...), o.centerness...)
	out, err := o.model.Run(ctx, b.x, nodes...)
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
