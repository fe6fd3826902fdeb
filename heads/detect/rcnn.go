package detect

import (
	"context"
	"fmt"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/ops"
)

// rcnn is a detector of two stages: proposals, and heads on the regions.
type rcnn struct {
	*Detector
	rpn       *rpn
	pooled    []*graph.Node // levels that regions are pooled from
	boxes     *boxHead
	masks     *maskHead
	keypoints *keypointHead
}

// NewFasterRCNN makes Faster R-CNN with a feature pyramid (Ren et al. 2015; Lin
// et al. 2017) on a network of four stages: torchvision's
// fasterrcnn_resnet50_fpn on ResNet-50. Until [Detector.Load] the backbone has
// net's weights and the rest random ones. Errors wrap ErrConfig.
func NewFasterRCNN(net *backbone.Network, opts ...Option) (*Detector, error) {
	return newRCNN("fasterrcnn", net, defaults(), opts, func(*rcnn, *builder) {})
}

// NewFasterRCNNV2 makes torchvision's fasterrcnn_resnet50_fpn_v2: normalisation
// in the pyramid, two convolutions in the proposal head, four with
// normalisation in the box head.
func NewFasterRCNNV2(net *backbone.Network, opts ...Option) (*Detector, error) {
	s := defaults()
	s.v2 = true
	return newRCNN("fasterrcnn_v2", net, s, opts, func(*rcnn, *builder) {})
}

// NewMaskRCNN makes Mask R-CNN (He et al. 2017), torchvision's
// maskrcnn_resnet50_fpn on ResNet-50.
func NewMaskRCNN(net *backbone.Network, opts ...Option) (*Detector, error) {
	return newRCNN("maskrcnn", net, defaults(), opts, (*rcnn).addMasks)
}

// NewMaskRCNNV2 makes torchvision's maskrcnn_resnet50_fpn_v2.
func NewMaskRCNNV2(net *backbone.Network, opts ...Option) (*Detector, error) {
	s := defaults()
	s.v2 = true
	return newRCNN("maskrcnn_v2", net, s, opts, (*rcnn).addMasks)
}

// NewKeypointRCNN makes Keypoint R-CNN (He et al. 2017), torchvision's
// keypointrcnn_resnet50_fpn on ResNet-50: two classes and 17 keypoints.
func NewKeypointRCNN(net *backbone.Network, opts ...Option) (*Detector, error) {
	s := defaults()
	s.classes = 2
	return newRCNN("keypointrcnn", net, s, opts, (*rcnn).addKeypoints)
}

func (r *rcnn) addMasks(b *builder) {
	r.masks = b.buildMaskHead(&r.settings)
}

func (r *rcnn) addKeypoints(b *builder) {
	r.keypoints = b.buildKeypointHead(&r.settings)
}

func newRCNN(kind string, net *backbone.Network, s settings, opts []Option, heads func(*rcnn, *builder)) (*Detector, error) {
	if err := s.apply(opts); err != nil {
		return nil, err
	}
	if err := checkNetwork(net); err != nil {
		return nil, err
	}
	b := newBuilder()
	n := neck{channels: s.channels}
	if s.v2 {
		n.norm = batchNorm
	}
	levels, err := b.pyramid(net, n)
	if err != nil {
		return nil, err
	}
	if err := checkAnchors(s.anchors, len(levels)); err != nil {
		return nil, err
	}
	r := &rcnn{Detector: &Detector{settings: s}, pooled: levels[:len(levels)-1]}
	r.rpn = b.buildRPN(levels, &r.settings)
	r.boxes = b.buildBoxHead(&r.settings)
	heads(r, b)
	d, err := newDetector(kind, b, net, s)
	if err != nil {
		return nil, err
	}
	r.Detector, d.find = d, r.find
	return d, nil
}

// checkNetwork reports a network that no pyramid of P2 to P5 can be built on.
func checkNetwork(net *backbone.Network) error {
	if net == nil {
		return errors.Wrap(ErrConfig, "the network is nil")
	}
	if c := net.Config(); len(net.Levels()) != 4 || c.InChannels != 3 {
		return errors.Wrapf(ErrConfig, "%s has levels %v and takes %d channels: detectors need C2 to C5 and 3", c.Name, net.Levels(), c.InChannels)
	}
	return nil
}

// checkAnchors reports anchors that do not fit the pyramid's levels; nil
// stands for the default.
func checkAnchors(g *ops.AnchorGenerator, levels int) error {
	if g == nil {
		return nil
	}
	if len(g.Sizes) != levels {
		return errors.Wrapf(ErrConfig, "anchors for %d levels, the pyramid has %d", len(g.Sizes), levels)
	}
	for l := range levels {
		if g.PerLocation(l) != g.PerLocation(0) {
			return errors.Wrapf(ErrConfig, "level %d has %d anchors at each location, level 0 has %d: the head is shared", l, g.PerLocation(l), g.PerLocation(0))
		}
	}
	return nil
}

// find implements Detector.find.
func (r *rcnn) find(ctx context.Context, b *batch) ([][]found, error) {
	heads := r.rpn.outputs()
	out, err := r.model.Run(ctx, b.x, append(heads, r.pooled...)...)
	if err != nil {
		return nil, err
	}
	p, err := newPooler(out[len(heads):], b, r.settings.run.Threads)
	if err != nil {
		return nil, err
	}
	var rois []ops.RoI
	for i := range b.resized {
		proposals, err := r.rpn.propose(out, i, b)
		if err != nil {
			return nil, err
		}
		for _, box := range proposals {
			rois = append(rois, ops.RoI{Image: i, Box: box})
		}
	}
	objects, err := r.boxes.classify(ctx, r.Detector, p, rois, b)
	if err != nil {
		return nil, errors.WithMessage(err, "box head")
	}
	if err := r.refine(ctx, p, objects); err != nil {
		return nil, err
	}
	return objects, nil
}

// refine adds masks and keypoints.
func (r *rcnn) refine(ctx context.Context, p *pooler, objects [][]found) error {
	var rois []ops.RoI
	var flat []*found
	for i, list := range objects {
		for k := range list {
			rois, flat = append(rois, ops.RoI{Image: i, Box: list[k].box}), append(flat, &list[k])
		}
	}
	if len(rois) == 0 {
		return nil
	}
	if r.masks != nil {
		if err := r.masks.add(ctx, r.Detector, p, rois, flat); err != nil {
			return errors.WithMessage(err, "mask head")
		}
	}
	if r.keypoints != nil {
		if err := r.keypoints.add(ctx, r.Detector, p, rois, flat); err != nil {
			return errors.WithMessage(err, "keypoint head")
		}
	}
	return nil
}

// regionInput is where the features of regions enter the graph.
func (b *builder) regionInput(head string, channels int) *graph.Node {
	return b.g.Func(fmt.Sprintf("roi_heads.%s.input", head), graph.Input{Channels: channels})
}
