package detect

import (
	"math"

	"github.com/vertebra-vision/vertebra/fpn"
	"github.com/vertebra-vision/vertebra/ops"
)

// conventions are the details in which torchvision's and detectron2's detectors
// of one design differ. Weights trained under the one lose accuracy under the
// other.
type conventions struct {
	// aligned regions and masks take a pixel's value for its centre.
	aligned bool
	// sampling is RoIAlign's samples along a side of a bin; 0 for as many as
	// it has pixels.
	sampling int
	// nominal levels have the strides of their names. torchvision divides the
	// sizes of image and map, which differ where a map was rounded up.
	nominal bool
	// logits order proposals before suppression, in the place of
	// probabilities, of which large ones are equal.
	logits bool
	// proposalSize and boxSize are the least sides of proposals and of what
	// the box head finds.
	proposalSize, boxSize float32
	// nonEmpty drops what has no area, after suppression.
	nonEmpty bool
	// backgroundLast is the order of classes in checkpoints. Here the
	// background is class 0.
	backgroundLast bool
}

// torchvision's conventions: torchvision.models.detection.
var torchvision = conventions{sampling: 2, proposalSize: 1e-3, boxSize: 1e-2}

// detectron2's: find_top_rpn_proposals, ROIPooler with ROIAlignV2,
// fast_rcnn_inference and paste_masks_in_image.
var detectron2 = conventions{
	aligned: true, nominal: true, logits: true, nonEmpty: true, backgroundLast: true,
	proposalSize: math.SmallestNonzeroFloat32, boxSize: float32(math.Inf(-1)),
}

// NewFasterRCNNDetectron2 makes detectron2's Faster R-CNN with a feature
// pyramid, faster_rcnn_R_50_FPN where the pyramid is fpn.TorchvisionDetection
// on ResNet-50 with the stride in the first 1x1 (backbone.ResNet50V1). It
// differs from torchvision's in how it resizes images, in anchors, in how
// regions are sampled, and in the order of classes in checkpoints. Detections
// have torchvision's: the background is class 0, and classes are one more than
// detectron2's.
func NewFasterRCNNDetectron2(pyr *fpn.Pyramid, opts ...Option) (*Detector, error) {
	return newRCNN("fasterrcnn_detectron2", pyr, detectron2Settings(pyr), opts, func(*rcnn, *builder, *settings) {})
}

// NewMaskRCNNDetectron2 makes detectron2's mask_rcnn_R_50_FPN; see
// NewFasterRCNNDetectron2.
func NewMaskRCNNDetectron2(pyr *fpn.Pyramid, opts ...Option) (*Detector, error) {
	return newRCNN("maskrcnn_detectron2", pyr, detectron2Settings(pyr), opts, (*rcnn).addMasks)
}

// detectron2Settings tells the pixels' scale by the backbone: those that come
// from Caffe have their stride in the first 1x1 and take pixels of 0 to 255,
// others divide by ImageNet's deviation.
func detectron2Settings(pyr *fpn.Pyramid) settings {
	s := defaults()
	s.conventions, s.transform, s.classes = detectron2, Detectron2Transform(), 81
	if pyr != nil && !pyr.Network.Config().StrideIn1x1 {
		s.transform.Std = DefaultTransform().Std
	}
	return s
}

// anchorsOf completes anchors with what the conventions say of them.
func (c conventions) anchorsOf(g ops.AnchorGenerator, strides []int) ops.AnchorGenerator {
	if c.nominal {
		g.Exact, g.Strides = true, strides
	}
	return g
}

// classRows adapts a parameter that has n rows for each class, where the
// background is the last class or is missing: here it is the first, with zeros
// where there was none.
func classRows(classes, n int, rest []int, missing bool) adapter {
	rows := n * classes
	own := append([]int{rows}, rest...)
	torch := append([]int{rows}, rest...)
	if missing {
		torch[0] -= n
	}
	row := int(elements(own)) / rows * n // the values of one class
	return adapter{
		torch: torch, own: own,
		forth: func(src []float32) []float32 {
			dst := make([]float32, classes*row)
			copy(dst[row:], src[:(classes-1)*row])
			if !missing {
				copy(dst, src[(classes-1)*row:])
			}
			return dst
		},
		backs: func(src []float32) []float32 {
			dst := append([]float32(nil), src[row:]...)
			if !missing {
				dst = append(dst, src[:row]...)
			}
			return dst
		},
	}
}

// then adapts to another shape of the same values, or repeats.
func (a adapter) then(b adapter) adapter {
	return adapter{
		torch: a.torch, own: b.own,
		forth: func(src []float32) []float32 { return b.forth(a.forth(src)) },
		backs: func(src []float32) []float32 { return a.backs(b.backs(src)) },
	}
}
