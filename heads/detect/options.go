package detect

import (
	"math"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/fpn"
	"github.com/vertebra-vision/vertebra/ops"
)

// ErrConfig is wrapped by errors about options that make no detector.
var ErrConfig = backbone.ErrConfig

// Option changes a detector from torchvision's defaults.
type Option func(*settings) error

// settings are all that can be chosen.
type settings struct {
	classes   int
	counted   string // the option that set the classes, empty for none
	labels    []string
	keypoints int
	channels  int // of the pyramid
	threads   int // that pool regions
	hidden    int // of the box head
	v2        bool
	transform Transform
	conventions
	anchors *ops.AnchorGenerator

	rpnPre, rpnPost int
	rpnNMS          float64
	rpnScore        float32

	score      float32
	nms        float64
	detections int
	candidates int
}

// defaults are what torchvision's builders have in common.
func defaults() settings {
	return settings{
		classes: 91, hidden: 1024, keypoints: 17,
		transform: DefaultTransform(), conventions: torchvision,
		rpnPre: 1000, rpnPost: 1000, rpnNMS: 0.7,
		score: 0.05, nms: 0.5, detections: 100, candidates: 1000,
	}
}

// apply takes the network's part, with the channels and the number of the maps
// that heads see, and then the options.
func (s *settings) apply(net *backbone.Network, channels, levels int, opts []Option) error {
	s.channels, s.threads = channels, net.Threads()
	for _, o := range opts {
		if err := o(s); err != nil {
			return err
		}
	}
	if s.labels != nil && len(s.labels) != s.classes {
		return errors.Wrapf(ErrConfig, "%d labels for %d classes", len(s.labels), s.classes)
	}
	if c := net.Config(); c.InChannels != 3 {
		return errors.Wrapf(ErrConfig, "%s takes images of %d channels, detectors give it 3", c.Name, c.InChannels)
	}
	return checkAnchors(s.anchors, levels)
}

// onPyramid is apply for a pyramid.
func (s *settings) onPyramid(pyr *fpn.Pyramid, opts []Option) error {
	if pyr == nil {
		return errors.Wrap(ErrConfig, "detect: the pyramid is nil")
	}
	return s.apply(pyr.Network, pyr.Config().Channels, len(pyr.Levels()), opts)
}

// atLeast checks an option that counts something.
func atLeast(option string, least, n int, set func(*settings)) Option {
	return func(s *settings) error {
		if n < least || n > 1<<20 {
			return errors.Wrapf(ErrConfig, "%s(%d): want %d to %d", option, n, least, 1<<20)
		}
		set(s)
		return nil
	}
}

// probability checks an option that is a threshold.
func probability(option string, v float64, set func(*settings)) Option {
	return func(s *settings) error {
		if math.IsNaN(v) || v < 0 || v > 1 {
			return errors.Wrapf(ErrConfig, "%s(%v): want 0 to 1", option, v)
		}
		set(s)
		return nil
	}
}

// WithNumClasses sets the number of classes, the background included. Default
// 91, COCO's; 2 for Keypoint R-CNN; 81 for detectron2's, which leave out the
// numbers that COCO does not use.
func WithNumClasses(n int) Option {
	return atLeast("WithNumClasses", 2, n, func(s *settings) {
		if len(s.labels) != n {
			s.labels = nil // they are of other classes
		}
		s.classes, s.counted = n, "WithNumClasses"
	})
}

// WithLabels names the classes, class 0, the background, first. It sets the
// number of classes as well: there is a label for each. A checkpoint of another
// number does not load, and the error says so.
func WithLabels(names []string) Option {
	return atLeast("WithLabels", 2, len(names), func(s *settings) {
		s.labels, s.classes, s.counted = append([]string(nil), names...), len(names), "WithLabels"
	})
}

// WithNumKeypoints sets Keypoint R-CNN's number of keypoints. Default 17.
func WithNumKeypoints(n int) Option {
	return atLeast("WithNumKeypoints", 1, n, func(s *settings) { s.keypoints = n })
}

// WithBoxFeatures sets the width of the R-CNN box head's fully connected
// layers. Default 1024.
func WithBoxFeatures(n int) Option {
	return atLeast("WithBoxFeatures", 1, n, func(s *settings) { s.hidden = n })
}

// WithTransform replaces how images are resized and normalised.
func WithTransform(t Transform) Option {
	return func(s *settings) error {
		s.transform = t
		return t.Validate()
	}
}

// WithMinMaxSize sets the length that an image's shorter side gets, unless its
// longer side would exceed the second, which is not below the first. Default
// 800 and 1333.
func WithMinMaxSize(minSize, maxSize int) Option {
	return func(s *settings) error {
		s.transform.MinSize, s.transform.MaxSize = minSize, maxSize
		return errors.WithMessagef(s.transform.Validate(), "WithMinMaxSize(%d, %d)", minSize, maxSize)
	}
}

// WithAnchors replaces the anchors. There must be sizes for every level of the
// pyramid, and as many anchors at each location of every level.
func WithAnchors(g ops.AnchorGenerator) Option {
	return func(s *settings) error {
		s.anchors = &g
		return errors.WithMessage(g.Validate(), "WithAnchors")
	}
}

// WithScoreThreshold drops detections whose score is not above it. Default
// 0.05; 0.2 for FCOS.
func WithScoreThreshold(v float32) Option {
	return probability("WithScoreThreshold", float64(v), func(s *settings) { s.score = v })
}

// WithNMSThreshold sets the IoU above which the better of two boxes of a class
// suppresses the other. Default 0.5; 0.6 for FCOS.
func WithNMSThreshold(v float64) Option {
	return probability("WithNMSThreshold", v, func(s *settings) { s.nms = v })
}

// WithMaxDetections bounds the detections of an image. Default 100; 300 for
// RetinaNet.
func WithMaxDetections(n int) Option {
	return atLeast("WithMaxDetections", 1, n, func(s *settings) { s.detections = n })
}

// WithCandidates bounds what RetinaNet and FCOS take from each level before
// they suppress. Default 1000.
func WithCandidates(n int) Option {
	return atLeast("WithCandidates", 1, n, func(s *settings) { s.candidates = n })
}

// WithProposals sets how many boxes R-CNN's proposal network takes from each
// level before suppression, and how many in all after it. Default 1000 both.
func WithProposals(before, after int) Option {
	return func(s *settings) error {
		if err := atLeast("WithProposals", 1, min(before, after), func(*settings) {})(s); err != nil {
			return err
		}
		return atLeast("WithProposals", 1, max(before, after), func(s *settings) { s.rpnPre, s.rpnPost = before, after })(s)
	}
}

// WithProposalThresholds sets the proposal network's IoU for suppression,
// default 0.7, and the score below which it drops boxes, default 0.
func WithProposalThresholds(nms float64, score float32) Option {
	return func(s *settings) error {
		if err := probability("WithProposalThresholds", nms, func(s *settings) { s.rpnNMS = nms })(s); err != nil {
			return err
		}
		return probability("WithProposalThresholds", float64(score), func(s *settings) { s.rpnScore = score })(s)
	}
}
