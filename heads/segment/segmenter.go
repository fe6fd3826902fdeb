package segment

import (
	"context"
	"fmt"
	"image"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

// Segmenter gives every pixel a class. Everything that a Network can do, it
// can: Load, Run, Hook, Plan …; it is safe for concurrent use.
type Segmenter struct {
	*backbone.Network
	// Transform brings an image to what the weights were trained with:
	// torchvision's by default, the shorter side at 520 pixels.
	Transform transform.Classification
	// Labels names the classes, the background first.
	Labels []string
	config Config
}

// New puts a head on a backbone, whose weights it starts with and whose
// classifier it leaves out. torchvision's networks have an output stride of 8:
//
//	net, err := backbone.New(backbone.ResNet50(), backbone.WithOutputStride(8))
//	seg, err := segment.New(net, segment.Config{Head: segment.DeepLabV3, Auxiliary: true})
//
// The head's own weights are random until Load gives it others. Labels has the
// names of Pascal VOC where there are 21 classes. Errors wrap [ErrConfig],
// those about levels backbone.ErrNode.
func New(net *backbone.Network, c Config) (*Segmenter, error) {
	if net == nil {
		return nil, errors.Wrap(ErrConfig, "segment: the backbone is nil")
	}
	c = c.withDefaults(net)
	if err := c.validate(); err != nil {
		return nil, err
	}
	level, err := net.Level(c.Level)
	if err != nil {
		return nil, errors.WithMessage(err, "segment")
	}
	c.Level = level
	extended, err := net.Extend(backbone.Extension{Name: string(c.Head), Build: c.build})
	if err != nil {
		return nil, err
	}
	tf, labels := conventions(c.NumClasses)
	return &Segmenter{Network: extended, Transform: tf, Labels: labels, config: c}, nil
}

// Load takes the weights from a checkpoint, as backbone.Network.Load does. Where
// it is of another number of classes the *backbone.LoadError says so.
func (s *Segmenter) Load(sd *weights.StateDict, opts ...backbone.LoadOption) error {
	err := s.Network.Load(sd, opts...)
	var wrong *backbone.LoadError
	if errors.As(err, &wrong) {
		if c, err := headIn(sd); err == nil && c.NumClasses != 0 && c.NumClasses != s.config.NumClasses {
			wrong.Hint = fmt.Sprintf("the checkpoint has %d classes and the head %d, the background included: change its Config.NumClasses", c.NumClasses, s.config.NumClasses)
		}
	}
	return err
}

// Config returns the head's configuration with its defaults filled in; that of
// the backbone is Network.Config.
func (s *Segmenter) Config() Config { return s.config }

// Logits computes N×classes×H×W logits at the input's size, torchvision's
// "out"; x is N×C×H×W, preprocessed. Classify needs a fraction of the memory.
func (s *Segmenter) Logits(ctx context.Context, x *ops.Tensor) (*ops.Tensor, error) {
	return s.one(ctx, x, "out")
}

// Auxiliary computes the auxiliary head's logits, torchvision's "aux".
func (s *Segmenter) Auxiliary(ctx context.Context, x *ops.Tensor) (*ops.Tensor, error) {
	if !s.config.Auxiliary {
		return nil, errors.Wrap(ErrConfig, "segment: there is no auxiliary head, Config.Auxiliary adds it")
	}
	return s.one(ctx, x, "aux")
}

func (s *Segmenter) one(ctx context.Context, x *ops.Tensor, name string) (*ops.Tensor, error) {
	out, err := s.Run(ctx, x, name)
	return out[name], err
}

// Classify gives every pixel of a batch its likeliest class: the argmax of
// Logits, without holding them. NaN or an infinity in the input, with which
// Logits computes, is an error that wraps ops.ErrNonFinite and says where.
func (s *Segmenter) Classify(ctx context.Context, x *ops.Tensor) ([]*Map, error) {
	if x == nil || x.Rank() != 4 {
		return nil, errors.Wrapf(ops.ErrShape, "segment: the input is %v, want N×C×H×W", x)
	}
	return s.classify(ctx, x, x.Dim(3), x.Dim(2))
}

// ClassifyTo is Classify with the logits resized to the given size: that of
// the images before they were transformed. x is N×C×H×W.
func (s *Segmenter) ClassifyTo(ctx context.Context, x *ops.Tensor, width, height int) ([]*Map, error) {
	if x == nil || x.Rank() != 4 || width < 1 || height < 1 || width > transform.MaxPixels/height {
		return nil, errors.Wrapf(ops.ErrShape, "segment: the input is %v for maps of %dx%d, want N×C×H×W and a size", x, width, height)
	}
	return s.classify(ctx, x, width, height)
}

// Segment gives every pixel of an image its likeliest class. The image is
// transformed, and the logits are resized to its own size.
func (s *Segmenter) Segment(ctx context.Context, img image.Image) (*Map, error) {
	rgb, err := transform.ToRGB(img)
	if err != nil {
		return nil, err
	}
	x, err := s.Transform.Apply(rgb)
	if err != nil {
		return nil, err
	}
	maps, err := s.classify(ctx, x, rgb.Width, rgb.Height)
	if err != nil {
		return nil, err
	}
	return maps[0], nil
}

func (s *Segmenter) classify(ctx context.Context, x *ops.Tensor, width, height int) ([]*Map, error) {
	if err := x.CheckFinite(); err != nil {
		return nil, errors.WithMessage(err, "segment: the input")
	}
	logits, err := s.one(ctx, x, logitsName)
	if err != nil {
		return nil, err
	}
	maps := make([]*Map, logits.Dim(0))
	for i := range maps {
		maps[i] = newMap(width, height, s.config.NumClasses, s.Labels)
		if err := argmax(ctx, maps[i].Paletted, logits, i); err != nil {
			return nil, err
		}
	}
	return maps, nil
}
