package detect

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/fpn"
	"github.com/vertebra-vision/vertebra/weights"
)

// kinds are the detectors by the words that begin and end torchvision's names.
var kinds = map[string]func(*fpn.Pyramid, ...Option) (*Detector, error){
	"fasterrcnn": NewFasterRCNN, "fasterrcnn_v2": NewFasterRCNNV2,
	"maskrcnn": NewMaskRCNN, "maskrcnn_v2": NewMaskRCNNV2, "keypointrcnn": NewKeypointRCNN,
	"retinanet": NewRetinaNet, "retinanet_v2": NewRetinaNetV2, "fcos": NewFCOS,
}

// Models lists the names that Preset and Open know from torchvision. Any other
// backbone's name may stand in the place of resnet50.
func Models() []string {
	var list []string
	for kind := range kinds {
		name, v2, ok := strings.Cut(kind, "_")
		name += "_resnet50_fpn"
		if ok {
			name += "_" + v2
		}
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// neck is the pyramid that torchvision gives a kind of detector.
func neck(kind string, channels int) fpn.Config {
	c := fpn.TorchvisionDetection()
	if kind == "fcos" || strings.HasPrefix(kind, "retinanet") {
		c = fpn.TorchvisionRetinaNet()
		if kind == "retinanet_v2" {
			c.Extra = fpn.P6P7
		}
	} else if strings.HasSuffix(kind, "_v2") {
		c.Norm = fpn.BatchNorm
	}
	c.Channels = channels
	return c
}

// Preset makes one of torchvision's detectors, by its name there
// ("fasterrcnn_resnet50_fpn"), with random weights. Errors wrap ErrConfig.
func Preset(model string, opts ...Option) (*Detector, error) {
	return preset(model, 0, nil, opts)
}

// preset is Preset with an epsilon for the backbone's normalisations, and 0
// for the usual one.
func preset(model string, eps float64, run []backbone.Option, opts []Option) (*Detector, error) {
	kind, trunk, err := splitModel(model)
	if err != nil {
		return nil, err
	}
	config, err := backbone.Preset(trunk)
	if err != nil {
		return nil, errors.Wrapf(ErrConfig, "detect: %q: no backbone is called %q", model, trunk)
	}
	config.NormEps, config.NoClassifier = eps, true
	net, err := backbone.New(config, run...)
	if err != nil {
		return nil, err
	}
	const channels = 256
	pyr, err := fpn.New(net, neck(kind, channels))
	if err != nil {
		return nil, err
	}
	return kinds[kind](pyr, opts...)
}

// splitModel takes a name such as fasterrcnn_resnet50_fpn_v2 apart.
func splitModel(model string) (kind, trunk string, err error) {
	first, rest, _ := strings.Cut(strings.ToLower(model), "_")
	trunk, version, ok := strings.Cut(rest, "_fpn")
	kind = first + version
	if !ok || kinds[kind] == nil {
		return "", "", errors.Wrapf(ErrConfig, "detect: unknown model %q, there are %v", model, Models())
	}
	return kind, trunk, nil
}

// Source says which detector to open.
type Source struct {
	// Model is torchvision's name, as for Preset. It may be empty where Weights
	// is the name of a published checkpoint.
	Model string
	// Weights is a checkpoint's path or a published one's name
	// ("fasterrcnn_resnet50_fpn/COCO_V1"). Empty is the model's published
	// default.
	Weights string
	// Network's options are given to the backbone: threads, memory.
	Network []backbone.Option
	// Options are the detector's.
	Options []Option
}

// Open makes a detector from a checkpoint. A published one brings its labels,
// and is downloaded where need be; for a file the number of classes must be in
// the options if it is not COCO's.
func Open(ctx context.Context, s Source, opts ...weights.FetchOption) (*Detector, error) {
	if s.Weights == "" {
		s.Weights = s.Model
	}
	path, published, err := weights.Resolve(ctx, s.Weights, opts...)
	if err != nil {
		return nil, err
	}
	if s.Model == "" {
		if published == nil {
			return nil, errors.Wrapf(ErrConfig, "%s: say which model the file is for, there are %v", path, Models())
		}
		s.Model = published.Model
	}
	eps, own := 0.0, []Option(nil)
	if published != nil {
		eps, own = publishedEps(published), []Option{WithLabels(published.Categories())}
	}
	d, err := preset(s.Model, eps, s.Network, append(own, s.Options...))
	if err != nil {
		return nil, err
	}
	sd, err := weights.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = sd.Close() }()
	return d, d.Load(sd)
}

// tinyEps stands for an epsilon of zero, which would mean the default.
const tinyEps = 1e-30

// publishedEps is what a checkpoint's backbone adds to variances. Those of
// torchvision's first detectors were trained with nothing added; its builders
// call overwrite_eps(model, 0.0) for them.
func publishedEps(c *weights.Checkpoint) float64 {
	if strings.HasSuffix(c.Model, "_v2") || c.Model == "fcos_resnet50_fpn" || c.Tag == "COCO_LEGACY" {
		return 0
	}
	return tinyEps
}

// Kinds lists what New takes: fasterrcnn, fasterrcnn_v2, fcos …
func Kinds() []string { return slices.Sorted(maps.Keys(kinds)) }

// New makes a detector of a kind on a pyramid, as the function of that kind
// does. Errors wrap ErrConfig.
func New(kind string, pyr *fpn.Pyramid, opts ...Option) (*Detector, error) {
	f := kinds[kind]
	if f == nil {
		return nil, errors.Wrapf(ErrConfig, "detect: unknown kind %q, there are %v", kind, Kinds())
	}
	return f(pyr, opts...)
}

// Neck is the pyramid that torchvision gives a kind of detector.
func Neck(kind string) fpn.Config { return neck(kind, 256) }

// BackboneEps is backbone.Config.NormEps of a published detector, 0 for the
// usual one.
func BackboneEps(c *weights.Checkpoint) float64 { return publishedEps(c) }
