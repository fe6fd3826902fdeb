package weights

import (
	"regexp"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/ops"
)

// Scheme is a way of naming the weights of a ResNet.
type Scheme string

// The schemes that Canonical knows.
const (
	// Torchvision is layer1.0.conv1.weight, bn1, downsample.0, fc; timm and the
	// CIFAR checkpoints differ in prefixes and in the classifier's name.
	Torchvision Scheme = "torchvision"
	// Detectron2 is res2.0.conv1.weight, res2.0.conv1.norm.weight, shortcut,
	// stem.conv1.
	Detectron2 Scheme = "detectron2"
	// Caffe2 is res2_0_branch2a_w, res2_0_branch2a_bn_s: the MSRA models of
	// detectron2's zoo. They have a scale and a shift for each normalisation
	// and no statistics.
	Caffe2 Scheme = "caffe2"
)

// Canonical returns a view of a checkpoint under torchvision's names, whatever
// scheme it has: prefixes that wrap the whole network (module., model.,
// backbone. …) are taken off, detectron2's and Caffe2's names translated, the
// classifier called fc, and a feature pyramid's names made fpn.inner_blocks.0.0
// and the like, those of detectron2's R-CNN heads rpn.head.cls_logits and the
// like. num_batches_tracked is left out, and so are detectron2's anchors and
// pixel statistics. Other names stay as they are. Two keys that come to mean
// one are an error that wraps ErrWeights.
func Canonical(sd *StateDict) (*StateDict, Scheme, error) {
	scheme := recognise(sd.names)
	prefix := commonPrefix(sd.names, anchors[scheme])
	wrapper := backboneInside.ReplaceAllString(prefix, "") // around backbone and heads
	pyramid := pyramidNames{finest: finestLateral(sd.names)}
	view, err := sd.Map(func(name string) (string, bool) {
		inside, ok := strings.CutPrefix(name, prefix)
		if !ok {
			inside = strings.TrimPrefix(name, wrapper)
		}
		name = inside
		if strings.HasSuffix(name, "num_batches_tracked") {
			return "", false
		}
		if to, ok := pyramid.translate(name); ok {
			return to, true
		}
		return translate(scheme, name)
	})
	if err != nil {
		return nil, scheme, errors.WithMessagef(err, "%s, read as %s keys", sd.path, scheme)
	}
	if scheme == Caffe2 || scheme == Detectron2 {
		err = addStatistics(view)
	}
	return view, scheme, err
}

// backboneInside is the end of a prefix that says that the backbone is only a
// part of the network.
var backboneInside = regexp.MustCompile(`(backbone|encoder)\.(body\.|bottom_up\.)?$`)

// anchors are the keys by which a scheme, and the prefix before them, is
// known: the stem's convolution.
var anchors = map[Scheme]*regexp.Regexp{
	Torchvision: regexp.MustCompile(`^(.*?)conv1(\.0)?\.weight$`),
	Detectron2:  regexp.MustCompile(`^(.*?)stem\.conv1\.weight$`),
	Caffe2:      regexp.MustCompile(`^()conv1_w$`),
}

// recognise tells the scheme. Detectron2's comes first: its stem.conv1 would
// pass for torchvision's conv1.
func recognise(names []string) Scheme {
	for _, s := range []Scheme{Detectron2, Caffe2} {
		for _, name := range names {
			if anchors[s].MatchString(name) {
				return s
			}
		}
	}
	return Torchvision
}

// commonPrefix is what stands before the anchor: the shortest such, since
// every block has a conv1 too.
func commonPrefix(names []string, anchor *regexp.Regexp) string {
	prefix, found := "", false
	for _, name := range names {
		m := anchor.FindStringSubmatch(name)
		if m != nil && (!found || len(m[1]) < len(prefix)) {
			prefix, found = m[1], true
		}
	}
	return prefix
}

// translate gives a key its torchvision name; false leaves it out.
func translate(s Scheme, name string) (string, bool) {
	switch s {
	case Detectron2:
		name, keep := fromDetectron2Heads(name)
		return fromDetectron2(name), keep
	case Caffe2:
		return fromCaffe2(name)
	}
	return fromTorchvision(name), true
}

// classifiers are other names of fc.
var classifiers = regexp.MustCompile(`^(linear|head|head\.fc|classifier|last_linear|stem\.fc)\.(weight|bias)$`)

func fromTorchvision(name string) string {
	name = classifiers.ReplaceAllString(name, "fc.$2")
	return strings.Replace(name, ".shortcut.", ".downsample.", 1)
}

var (
	detectron2Stage = regexp.MustCompile(`^res([2-5])\.`)
	detectron2Norm  = regexp.MustCompile(`^(.*)conv([1-3])\.norm\.`)
)

func fromDetectron2(name string) string {
	name = classifiers.ReplaceAllString(strings.TrimPrefix(name, "stem."), "fc.$2")
	if m := detectron2Stage.FindStringSubmatch(name); m != nil {
		name = "layer" + string(m[1][0]-1) + "." + name[len(m[0]):]
	}
	name = strings.Replace(name, ".shortcut.norm.", ".downsample.1.", 1)
	name = strings.Replace(name, ".shortcut.weight", ".downsample.0.weight", 1)
	return detectron2Norm.ReplaceAllString(name, "${1}bn${2}.")
}

var (
	caffe2Conv = regexp.MustCompile(`^res([2-5])_(\d+)_branch(1|2[abc])_(w|b|bn_s|bn_b)$`)
	caffe2Stem = map[string]string{
		"conv1_w": "conv1.weight", "conv1_b": "conv1.bias",
		"res_conv1_bn_s": "bn1.weight", "res_conv1_bn_b": "bn1.bias",
		"fc1000_w": "fc.weight", "fc1000_b": "fc.bias", "pred_w": "fc.weight", "pred_b": "fc.bias",
	}
)

// fromCaffe2 leaves out what is no weight: momenta, learning rates.
func fromCaffe2(name string) (string, bool) {
	if to, ok := caffe2Stem[name]; ok {
		return to, true
	}
	m := caffe2Conv.FindStringSubmatch(name)
	if m == nil {
		return "", false
	}
	block := "layer" + string(m[1][0]-1) + "." + m[2] + "."
	conv, norm := "downsample.0", "downsample.1"
	if m[3] != "1" {
		i := string(m[3][1] - 'a' + '1')
		conv, norm = "conv"+i, "bn"+i
	}
	return block + map[string]string{
		"w": conv + ".weight", "b": conv + ".bias", "bn_s": norm + ".weight", "bn_b": norm + ".bias",
	}[m[4]], true
}

var normWeight = regexp.MustCompile(`(^|\.)(bn\d|downsample\.1)\.weight$`)

// frozenEps is what detectron2's FrozenBatchNorm2d adds to the variance.
const frozenEps = 1e-5

// addStatistics gives normalisations that have only a scale and a shift the
// statistics with which they do nothing else: mean 0, and the variance that
// becomes 1 when the epsilon is added.
func addStatistics(sd *StateDict) error {
	for _, name := range sd.Names() {
		if !normWeight.MatchString(name) {
			continue
		}
		module := strings.TrimSuffix(name, "weight")
		for _, s := range []struct {
			key   string
			value float32
		}{{"running_mean", 0}, {"running_var", 1 - frozenEps}} {
			if sd.tensors[module+s.key] != nil {
				continue
			}
			t, err := ops.New(sd.tensors[name].Len())
			if err != nil {
				return malformed("%s: %v", name, err)
			}
			for i := range t.Data() {
				t.Data()[i] = s.value
			}
			if err := sd.Put(module+s.key, t); err != nil {
				return err
			}
		}
	}
	return nil
}
