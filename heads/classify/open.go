package classify

import (
	"context"
	"fmt"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

// Source says which network to classify with.
type Source struct {
	// Model is a preset of package backbone. It may be empty where Weights is
	// the name of a published checkpoint.
	Model string
	// Weights is a checkpoint's path or a published one's name
	// ("resnet50/IMAGENET1K_V2"). Empty is the model's published default.
	Weights string
	// Under chooses among several networks in a file, see weights.Under.
	Under string
	// Load's options say what the checkpoint may lack, and what to adapt.
	Load []backbone.LoadOption
	// Options are given to backbone.New.
	Options []backbone.Option
}

// Open makes a classifier from a checkpoint. A published one brings its
// preprocessing and labels and is downloaded where need be; for a file, the
// number of classes comes from the file, and preprocessing and labels are
// those of CIFAR-10 for CIFAR networks of 10 classes and of ImageNet for other
// networks, with the classes' numbers as labels unless there are 1000.
func Open(ctx context.Context, s Source, opts ...weights.FetchOption) (*Classifier, error) {
	if s.Weights == "" {
		s.Weights = s.Model
	}
	path, published, err := weights.Resolve(ctx, s.Weights, opts...)
	if err != nil {
		return nil, err
	}
	if s.Model == "" {
		if published == nil {
			return nil, errors.Wrapf(backbone.ErrConfig, "%s: say which model the file is for, for example resnet50; there are %v", path, backbone.Presets())
		}
		s.Model = published.Model
	}
	sd, err := weights.Open(path, weights.Under(s.Under))
	if err != nil {
		return nil, err
	}
	defer func() { _ = sd.Close() }()
	return FromCheckpoint(sd, published, s)
}

// FromCheckpoint is Open for a checkpoint that has been opened. published may
// be nil.
func FromCheckpoint(sd *weights.StateDict, published *weights.Checkpoint, s Source) (*Classifier, error) {
	config, err := backbone.Preset(s.Model)
	if err != nil {
		return nil, err
	}
	if config.NumClasses, err = countClasses(sd, config.NumClasses); err != nil {
		return nil, err
	}
	net, err := backbone.New(config, s.Options...)
	if err != nil {
		return nil, err
	}
	if err := net.Load(sd, s.Load...); err != nil {
		return nil, err
	}
	tf, labels := Conventions(config)
	if published != nil {
		tf, labels = published.Transform(), published.Categories()
	}
	return New(net, tf, labels)
}

// countClasses reads the number of classes off a checkpoint's classifier.
func countClasses(sd *weights.StateDict, def int) (int, error) {
	canonical, _, err := weights.Canonical(sd)
	if err != nil {
		return 0, err
	}
	if t, ok := canonical.Get("fc.weight"); ok && len(t.Shape()) == 2 {
		return t.Shape()[0], nil
	}
	return def, nil
}

// Conventions are the preprocessing and labels that a network's weights most
// likely go with.
func Conventions(c backbone.Config) (transform.Classification, []string) {
	switch {
	case c.Stem == backbone.StemCIFAR && c.NumClasses == 10:
		return CIFAR10()
	case c.Stem == backbone.StemCIFAR:
		tf, _ := CIFAR10()
		return tf, numbered(c.NumClasses)
	case c.NumClasses == 1000:
		return ImageNet()
	}
	return transform.ImageNet(), numbered(c.NumClasses)
}

func numbered(n int) []string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("class %d", i)
	}
	return list
}
