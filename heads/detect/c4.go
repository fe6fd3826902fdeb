package detect

import (
	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/ops"
)

// NewFasterRCNNC4 makes Faster R-CNN without a pyramid, as the residual
// networks' authors did (He et al., "Deep Residual Learning", appendix A):
// proposals and regions come from C4, and conv5_x is the box head. torchvision
// has no builder for it; this equals its FasterRCNN with layer3 as the
// backbone's output, anchors of 32 to 512 pixels, 14x14 regions and a box head
// of layer4 and an average pool. Checkpoint keys are backbone.body.layer1 to
// layer3, rpn.head, roi_heads.box_head.layer4 and roi_heads.box_predictor.
//
// net must have four stages. Errors wrap ErrConfig.
func NewFasterRCNNC4(net *backbone.Network, opts ...Option) (*Detector, error) {
	if net == nil {
		return nil, errors.Wrap(ErrConfig, "detect: the network is nil")
	}
	if len(net.Levels()) != 4 {
		return nil, errors.Wrapf(ErrConfig, "%s has levels %v, want C2 to C5", net.Config().Name, net.Levels())
	}
	c4, err := net.Info(backbone.C4)
	if err != nil {
		return nil, err
	}
	c5, err := net.Info(backbone.C5)
	if err != nil {
		return nil, err
	}
	s := defaults()
	if err := s.apply(net, c4.Channels, 1, opts); err != nil {
		return nil, err
	}
	anchors := ops.AnchorGenerator{Sizes: [][]float32{{32, 64, 128, 256, 512}}, AspectRatios: [][]float32{{0.5, 1, 2}}}
	if s.anchors != nil {
		anchors = *s.anchors
	}
	r := &rcnn{}
	r.Detector, err = newDetector("fasterrcnn_c4", net, []backbone.Level{backbone.C4}, s, func(b *builder) error {
		r.pooled = b.levels
		r.rpn = b.buildRPN(anchors, &s)
		r.boxes = b.buildStageHead(&s, c5.Channels)
		if r.boxes == nil {
			return errors.Wrap(ErrConfig, "detect: conv5_x cannot be taken out of this network")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	r.Detector.find, r.Detector.outputs, r.Detector.inBoxHead = r.find, r.nodes, stageHead+"."
	return r.Detector, nil
}

// stageHead is the stage that is the box head of a C4 detector.
const stageHead = "layer4"

// buildStageHead calls the backbone's last stage on regions.
func (b *builder) buildStageHead(s *settings, channels int) *boxHead {
	h := &boxHead{settings: s, side: maskSide}
	x := b.g.Repeat(stageHead, boxHeadPrefix, b.regionInput("box_head", s.channels))
	if x == nil {
		return nil
	}
	h.features = b.g.Call(boxHeadPrefix+"avgpool", graph.AdaptiveAvgPool{Height: 1, Width: 1}, x)
	h.predict(b, b.regionInput("box_predictor", channels), channels)
	return h
}
