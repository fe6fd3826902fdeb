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

// kinds are the detectors on a pyramid, by the words that begin and end
// torchvision's names.
var kinds = map[string]func(*fpn.Pyramid, ...Option) (*Detector, error){
	"fasterrcnn": NewFasterRCNN, "fasterrcnn_v2": NewFasterRCNNV2,
	"maskrcnn": NewMaskRCNN, "maskrcnn_v2": NewMaskRCNNV2, "keypointrcnn": NewKeypointRCNN,
	"retinanet": NewRetinaNet, "retinanet_v2": NewRetinaNetV2, "fcos": NewFCOS,
	"fasterrcnn_detectron2": NewFasterRCNNDetectron2, "maskrcnn_detectron2": NewMaskRCNNDetectron2,
}

// c4Kind is the detector that has no pyramid.
const c4Kind = "fasterrcnn_c4"

// Kinds lists what New takes: fasterrcnn, fasterrcnn_v2, fcos …
func Kinds() []string { return append(slices.Sorted(maps.Keys(kinds)), c4Kind) }

// Models lists the names that Preset and Open know: torchvision's, with _c4 in
// the place of _fpn for the paper's detector and _detectron2 behind it for
// detectron2's. Any other backbone's name may stand in the place of the one in
// the list.
func Models() []string {
	list := []string{"fasterrcnn_resnet101_c4"}
	for kind := range kinds {
		name, version, _ := strings.Cut(kind, "_")
		name += map[bool]string{true: "_resnet50_v1_fpn", false: "_resnet50_fpn"}[version == "detectron2"]
		if version != "" {
			name += "_" + version
		}
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// Neck is the pyramid that torchvision, or detectron2, gives a kind of
// detector; false for one that stands on the backbone's own maps.
func Neck(kind string) (fpn.Config, bool) {
	if kind == c4Kind {
		return fpn.Config{}, false
	}
	c := fpn.TorchvisionDetection()
	if kind == "fcos" || strings.HasPrefix(kind, "retinanet") {
		c = fpn.TorchvisionRetinaNet()
		if kind == "retinanet_v2" {
			c.Extra = fpn.P6P7
		}
	} else if strings.HasSuffix(kind, "_v2") {
		c.Norm = fpn.BatchNorm
	}
	c.Channels = 256
	return c, true
}

// New makes a detector of a kind on a pyramid, as the function of that kind
// does; of one without a pyramid, NewOnBackbone does. Errors wrap ErrConfig.
func New(kind string, pyr *fpn.Pyramid, opts ...Option) (*Detector, error) {
	f := kinds[kind]
	if f == nil {
		return nil, errors.Wrapf(ErrConfig, "detect: unknown kind %q on a pyramid, there are %v", kind, slices.Sorted(maps.Keys(kinds)))
	}
	return f(pyr, opts...)
}

// NewOnBackbone makes a detector of any kind on a backbone, with the pyramid
// that Neck gives. Errors wrap ErrConfig.
func NewOnBackbone(kind string, net *backbone.Network, opts ...Option) (*Detector, error) {
	neck, ok := Neck(kind)
	if !ok {
		return NewFasterRCNNC4(net, opts...)
	}
	pyr, err := fpn.New(net, neck)
	if err != nil {
		return nil, err
	}
	return New(kind, pyr, opts...)
}

// Preset makes a detector by its name in Models, with random weights. Errors
// wrap ErrConfig.
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
	return NewOnBackbone(kind, net, opts...)
}

// splitModel takes a name such as fasterrcnn_resnet50_fpn_v2 apart.
func splitModel(model string) (kind, trunk string, err error) {
	first, rest, _ := strings.Cut(strings.ToLower(model), "_")
	if trunk, ok := strings.CutSuffix(rest, "_c4"); ok && first+"_c4" == c4Kind {
		return c4Kind, trunk, nil
	}
	trunk, version, ok := strings.Cut(rest, "_fpn")
	kind = first + version
	if !ok || kinds[kind] == nil {
		return "", "", errors.Wrapf(ErrConfig, "detect: unknown model %q, there are %v", model, Models())
	}
	return kind, trunk, nil
}

// LabelList names the list of package weights' Labels that a kind's published
// checkpoints have.
func LabelList(kind string) string {
	switch {
	case kind == "keypointrcnn":
		return "coco_person"
	case strings.HasSuffix(kind, "_detectron2"):
		return "coco81"
	}
	return "coco91"
}

// Source says which detector to open.
type Source struct {
	// Model is a name in Models, as for Preset. It may be empty where Weights
	// is the name of a published checkpoint.
	Model string
	// Weights is a checkpoint's path or a published one's name
	// ("fasterrcnn_resnet50_fpn/COCO_V1"). Empty is the model's published
	// default.
	Weights string
	// Under chooses among several networks in a file, see weights.Under.
	Under string
	// Load's options say what the checkpoint may lack.
	Load []backbone.LoadOption
	// NormEps is what the backbone's normalisations add to variances. 0 lets the
	// checkpoint decide: nothing, see [NoEps], for torchvision's first detectors,
	// which were trained so and are known by their content, whatever the file is
	// called, and else 1e-5. Once converted to another format they must be told.
	NormEps float64
	// Network's options are given to the backbone: threads, memory.
	Network []backbone.Option
	// Options are the detector's.
	Options []Option
}

// Open makes a detector from a checkpoint. A published one brings its labels,
// and is downloaded where need be; for a file, the number of classes comes from
// the file, and the labels are COCO's where there are as many.
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
	kind, _, err := splitModel(s.Model) // before a file is read
	if err != nil {
		return nil, err
	}
	if err := checkOptions(s.Options); err != nil {
		return nil, err
	}
	sd, err := weights.Open(path, weights.Under(s.Under))
	if err != nil {
		return nil, err
	}
	defer func() { _ = sd.Close() }()
	labels := weights.Labels(LabelList(kind))
	if published != nil {
		labels = published.Categories()
	}
	if s.NormEps == 0 {
		if s.NormEps, err = BackboneEps(ctx, kind, published, path); err != nil {
			return nil, err
		}
	}
	d, err := preset(s.Model, s.NormEps, s.Network, append(fitting(countClasses(sd), labels), s.Options...))
	if err != nil {
		return nil, err
	}
	return d, d.Load(sd, s.Load...)
}

// checkOptions finds values that no detector takes.
func checkOptions(opts []Option) error {
	s := defaults()
	for _, o := range opts {
		if err := o(&s); err != nil {
			return err
		}
	}
	return nil
}

// fitting gives a detector as many classes as its checkpoint has, and their
// names if the list is of as many.
func fitting(classes int, labels []string) []Option {
	switch {
	case classes == len(labels):
		return []Option{WithLabels(labels)}
	case classes > 1:
		return []Option{WithNumClasses(classes)}
	}
	return nil
}
