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

// rcnn is a detector of two stages: proposals, and heads on the regions.
type rcnn struct {
	*Detector
	rpn       *rpn
	pooled    []*graph.Node // levels that regions are pooled from
	strides   []int         // of all levels
	boxes     *boxHead
	masks     *maskHead
	keypoints *keypointHead
}

// NewFasterRCNN makes Faster R-CNN with a feature pyramid (Ren et al. 2015; Lin
// et al. 2017): torchvision's fasterrcnn_resnet50_fpn where the pyramid is
// fpn.TorchvisionDetection on ResNet-50. It starts with the pyramid's weights,
// and random ones in its heads, until [Detector.Load]. Errors wrap ErrConfig.
func NewFasterRCNN(pyr *fpn.Pyramid, opts ...Option) (*Detector, error) {
	return newRCNN("fasterrcnn", pyr, defaults(), opts, func(*rcnn, *builder, *settings) {})
}

// NewFasterRCNNV2 makes torchvision's fasterrcnn_resnet50_fpn_v2, where
// the pyramid has batch normalisation: two convolutions in the proposal head, four with
// normalisation in the box head.
func NewFasterRCNNV2(pyr *fpn.Pyramid, opts ...Option) (*Detector, error) {
	s := defaults()
	s.v2 = true
	return newRCNN("fasterrcnn_v2", pyr, s, opts, func(*rcnn, *builder, *settings) {})
}

// NewMaskRCNN makes Mask R-CNN (He et al. 2017), torchvision's
// maskrcnn_resnet50_fpn.
func NewMaskRCNN(pyr *fpn.Pyramid, opts ...Option) (*Detector, error) {
	return newRCNN("maskrcnn", pyr, defaults(), opts, (*rcnn).addMasks)
}

// NewMaskRCNNV2 makes torchvision's maskrcnn_resnet50_fpn_v2.
func NewMaskRCNNV2(pyr *fpn.Pyramid, opts ...Option) (*Detector, error) {
	s := defaults()
	s.v2 = true
	return newRCNN("maskrcnn_v2", pyr, s, opts, (*rcnn).addMasks)
}

// NewKeypointRCNN makes Keypoint R-CNN (He et al. 2017), torchvision's
// keypointrcnn_resnet50_fpn: two classes and 17 keypoints.
func NewKeypointRCNN(pyr *fpn.Pyramid, opts ...Option) (*Detector, error) {
	s := defaults()
	s.classes = 2
	return newRCNN("keypointrcnn", pyr, s, opts, (*rcnn).addKeypoints)
}

func (r *rcnn) addMasks(b *builder, s *settings) {
	r.masks = b.buildMaskHead(s)
}

func (r *rcnn) addKeypoints(b *builder, s *settings) {
	r.keypoints = b.buildKeypointHead(s)
}

func newRCNN(kind string, pyr *fpn.Pyramid, s settings, opts []Option, heads func(*rcnn, *builder, *settings)) (*Detector, error) {
	if err := s.onPyramid(pyr, opts); err != nil {
		return nil, err
	}
	anchors, err := s.anchorsOr(pyr, 8, []float64{1}, []float32{0.5, 1, 2})
	if err != nil {
		return nil, err
	}
	var strides []int
	for _, l := range pyr.Levels() {
		info, err := pyr.Info(l)
		if err != nil {
			return nil, err
		}
		strides = append(strides, info.Stride)
	}
	anchors = s.anchorsOf(anchors, strides)
	r := &rcnn{strides: strides}
	r.Detector, err = newDetector(kind, pyr.Network, pyr.Levels(), s, func(b *builder) error {
		r.pooled = b.levels[:len(pyr.Config().Levels)]
		r.rpn = b.buildRPN(anchors, &s)
		r.boxes = b.buildBoxHead(&s)
		heads(r, b, &s)
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.Detector.find, r.Detector.outputs = r.find, r.nodes
	return r.Detector, nil
}

// anchorsOr are the chosen anchors, or those whose sizes are the levels'
// strides, times base, times scales.
func (s *settings) anchorsOr(pyr *fpn.Pyramid, base float64, scales []float64, ratios []float32) (ops.AnchorGenerator, error) {
	if s.anchors != nil {
		return *s.anchors, nil
	}
	var g ops.AnchorGenerator
	for _, l := range pyr.Levels() {
		info, err := pyr.Info(l)
		if err != nil {
			return g, err
		}
		var sizes []float32
		for _, scale := range scales {
			sizes = append(sizes, float32(math.Floor(float64(info.Stride)*base*scale)))
		}
		g.Sizes, g.AspectRatios = append(g.Sizes, sizes), append(g.AspectRatios, ratios)
	}
	return g, g.Validate()
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

// nodes are the nodes to run on images.
func (r *rcnn) nodes() []*graph.Node { return slices.Concat(r.rpn.outputs(), r.pooled) }

// find implements Detector.find.
func (r *rcnn) find(ctx context.Context, b *batch) ([][]found, error) {
	out, err := r.run(ctx, b.x, r.nodes()...)
	if err != nil {
		return nil, err
	}
	p, err := r.pooler(out[len(out)-len(r.pooled):], b)
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
