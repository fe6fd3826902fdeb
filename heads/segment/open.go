package segment

import (
	"context"
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
	head, trunk, ok := strings.Cut(model, "_")
	if !ok {
		return nil, errors.Wrapf(ErrConfig, "segment: unknown model %q, there are %v", model, Models())
	}
	config, err := backbone.Preset(trunk)
	if err != nil {
		return nil, errors.Wrapf(ErrConfig, "segment: unknown model %q, there are %v", model, Models())
	}
	net, err := backbone.New(config, append([]backbone.Option{backbone.WithOutputStride(8)}, opts...)...)
	if err != nil {
		return nil, err
	}
	return New(net, Config{Head: Head(head), Auxiliary: true})
}

// Open makes a segmentation network from a checkpoint: a file, or a published
// one's name ("fcn_resnet50/COCO_WITH_VOC_LABELS_V1"), which is downloaded
// where need be. The model may be empty where that name gives it, and
// checkpoint for the model's published default.
func Open(ctx context.Context, model, checkpoint string, opts ...weights.FetchOption) (*Segmenter, error) {
	if checkpoint == "" {
		checkpoint = model
	}
	path, published, err := weights.Resolve(ctx, checkpoint, opts...)
	if err != nil {
		return nil, err
	}
	if model == "" {
		if published == nil {
			return nil, errors.Wrapf(ErrConfig, "%s: say which model the file is for, there are %v", path, Models())
		}
		model = published.Model
	}
	s, err := Preset(model)
	if err != nil {
		return nil, err
	}
	sd, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sd.Close() }()
	if err := s.Load(sd); err != nil {
		return nil, err
	}
	if published != nil {
		s.Transform, s.Labels = published.Transform(), published.Categories()
	}
	return s, nil
}
