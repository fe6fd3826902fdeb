package segment

import (
	"context"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

// conventions are torchvision's SemanticSegmentation preset and, for 21
// classes, the labels of Pascal VOC.
func conventions(classes int) (transform.Classification, []string) {
	tf := transform.ImageNet()
	tf.Resize, tf.Crop = 520, 0
	labels := weights.Labels("voc21")
	if classes != len(labels) {
		labels = nil
	}
	return tf, labels
}

// Models lists the names that Open and Preset take: torchvision's.
func Models() []string {
	return []string{"fcn_resnet50", "fcn_resnet101", "deeplabv3_resnet50", "deeplabv3_resnet101"}
}

// Preset makes one of torchvision's segmentation networks, with an output
// stride of 8 and its auxiliary head, and random weights.
func Preset(model string, opts ...backbone.Option) (*Segmenter, error) {
	return preset(model, Config{Auxiliary: true}, opts)
}

// preset completes the configuration with the model's head.
func preset(model string, c Config, opts []backbone.Option) (*Segmenter, error) {
	head, trunk, _ := strings.Cut(model, "_")
	config, err := backbone.Preset(trunk)
	if err != nil || !slices.Contains(Models(), model) {
		return nil, errors.Wrapf(ErrConfig, "segment: unknown model %q, there are %v", model, Models())
	}
	net, err := backbone.New(config, append([]backbone.Option{backbone.WithOutputStride(8)}, opts...)...)
	if err != nil {
		return nil, err
	}
	c.Head = Head(head)
	return New(net, c)
}

// Source says which network to segment with.
type Source struct {
	// Model is one of Models. It may be empty where Weights is the name of a
	// published checkpoint.
	Model string
	// Weights is a checkpoint's path or a published one's name
	// ("fcn_resnet50/COCO_WITH_VOC_LABELS_V1"). Empty is the model's published
	// default.
	Weights string
	// Under chooses among several networks in a file, see weights.Under.
	Under string
	// Load's options say what the checkpoint may lack, and what to adapt.
	Load []backbone.LoadOption
	// Options are given to backbone.New.
	Options []backbone.Option
}

// Open makes a segmentation network from a checkpoint. A published one brings
// its preprocessing and labels and is downloaded where need be.
func Open(ctx context.Context, src Source, opts ...weights.FetchOption) (*Segmenter, error) {
	if src.Model != "" && !slices.Contains(Models(), src.Model) {
		return nil, errors.Wrapf(ErrConfig, "segment: unknown model %q, there are %v", src.Model, Models())
	}
	if src.Weights == "" {
		src.Weights = src.Model
	}
	path, published, err := weights.Resolve(ctx, src.Weights, opts...)
	if err != nil {
		return nil, err
	}
	if src.Model == "" {
		if published == nil {
			return nil, errors.Wrapf(ErrConfig, "%s: say which model the file is for, there are %v", path, Models())
		}
		src.Model = published.Model
	}
	sd, err := weights.Open(path, weights.Under(src.Under))
	if err != nil {
		return nil, err
	}
	defer func() { _ = sd.Close() }()
	s, err := fitting(sd, src)
	if err != nil {
		return nil, err
	}
	if err := s.Load(sd, src.Load...); err != nil {
		return nil, err
	}
	if published != nil {
		s.Transform, s.Labels = published.Transform(), published.Categories()
	}
	return s, nil
}

// fitting makes the network that a checkpoint is of: with as many classes, and
// an auxiliary head if it has one.
func fitting(sd *weights.StateDict, src Source) (*Segmenter, error) {
	c, err := headIn(sd)
	if err != nil {
		return nil, err
	}
	return preset(src.Model, c, src.Options)
}

// headIn reads the classes and the auxiliary head off a checkpoint's keys.
func headIn(sd *weights.StateDict) (c Config, err error) {
	canonical, _, err := weights.Canonical(sd)
	if err != nil {
		return c, err
	}
	if last, ok := canonical.Get("classifier.4.weight"); ok && len(last.Shape()) == 4 {
		c.NumClasses = last.Shape()[0]
	}
	_, c.Auxiliary = canonical.Get("aux_classifier.4.weight")
	return c, nil
}
