package detect

import (
	"github.com/vertebra-vision/vertebra/ops"
)

// Detection is one object.
type Detection struct {
	// Box is in pixels of the caller's image.
	Box ops.Box
	// Label is the class, as the network numbers it: in COCO's checkpoints
	// 1 is a person and 0 the background.
	Label int
	// Name is the class's name, empty where the detector has no labels.
	Name string
	// Score is the confidence, 0 to 1.
	Score float32
	// Mask is where in the box the object is; nil without a mask head.
	Mask *Mask
	// Keypoints are in pixels of the caller's image, in the order of the
	// network's outputs, with logits as scores; nil without a keypoint head.
	Keypoints []ops.Keypoint
}

// Mask is an object's mask as the network gives it: small, to be laid into the
// image when it is needed.
type Mask struct {
	// Probabilities is M×M, over the box.
	Probabilities *ops.Tensor
	// Box, Width and Height are the object's box and its image's size.
	Box           ops.Box
	Width, Height int
	// aligned masks are laid out as detectron2 does.
	aligned bool
}

// Paste lays the mask into an image of its size: Height×Width probabilities,
// torchvision's "masks". At 0.5 and above is the object.
func (m *Mask) Paste() (*ops.Tensor, error) {
	if m.aligned {
		return ops.PasteMaskAligned(m.Probabilities, m.Box, m.Height, m.Width)
	}
	return ops.PasteMask(m.Probabilities, m.Box, m.Height, m.Width)
}
