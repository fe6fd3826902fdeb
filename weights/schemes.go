package weights

import (
	"regexp"
	"slices"
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
	// Transformers is embedder.embedder.convolution.weight,
	// encoder.stages.0.layers.0.layer.0.normalization: Hugging Face's.
	Transformers Scheme = "transformers"
	// OpenMMLab is torchvision's with a deep stem by numbers, stem.0.weight;
	// others call it layer0.
	OpenMMLab Scheme = "openmmlab"
	// CSAIL is torchvision's with a deep stem of conv1, conv2 and conv3, as in
	// MIT's semantic segmentation.
	CSAIL Scheme = "csail"
	// Sequential is 0.weight, 1.weight, 4.0.conv1.weight: the children of a
	// ResNet in an nn.Sequential, by their numbers.
	Sequential Scheme = "sequential"
)

// Canonical returns a view of a checkpoint under torchvision's names, whatever
// scheme it has: prefixes that wrap the whole network (module., model.,
// backbone. …) are taken off, see [StateDict.Prefix], the names of the other
// schemes translated, the classifier called fc, also where it is the only
// weights of a Sequential (fc.1), deep stems and average-pool shortcuts numbered
// as timm does (conv1.0 … conv1.6, downsample.1), and a feature pyramid's names
// made fpn.inner_blocks.0.0 and the like, those of detectron2's R-CNN heads
// rpn.head.cls_logits and the like. num_batches_tracked and n_averaged are left
// out, and so are detectron2's anchors and pixel statistics. Other names stay as
// they are. Two keys that come to mean one are an error that wraps ErrWeights,
// and so are two networks beside each other, which it lists.
func Canonical(sd *StateDict) (*StateDict, Scheme, error) {
	scheme := recognise(sd.names)
	view, err := canonical(sd, scheme)
	if err != nil {
		return nil, scheme, errors.WithMessagef(err, "%s, read as %s keys", sd.path, scheme)
	}
	return view, scheme, nil
}

func canonical(sd *StateDict, scheme Scheme) (*StateDict, error) {
	prefix, err := commonPrefix(sd.names, anchors[scheme])
	if err != nil {
		return nil, err
	}
	wrapper := backboneInside.ReplaceAllString(prefix, "") // around backbone and heads
	pyramid := pyramidNames{finest: finestLateral(sd.names)}
	translate := translator(scheme, sd, prefix)
	view, err := sd.Map(func(name string) (string, bool) {
		inside, ok := strings.CutPrefix(name, prefix)
		if !ok {
			inside = strings.TrimPrefix(name, wrapper)
		}
		if counters.MatchString(inside) {
			return "", false
		}
		if to, ok := pyramid.translate(inside); ok {
			return to, true
		}
		return translate(inside)
	})
	if err == nil {
		view, err = settle(view)
	}
	if err != nil {
		return nil, err
	}
	view.prefix = sd.prefix + prefix
	if scheme == Caffe2 || scheme == Detectron2 {
		err = addStatistics(view)
	}
	return view, err
}

// counters are no weights: of batches, and of averaged models.
var counters = regexp.MustCompile(`(^|\.)(num_batches_tracked|n_averaged)$`)

// backboneInside is the end of a prefix that says that the backbone is only a
// part of the network.
var backboneInside = regexp.MustCompile(`(backbone|encoder)\.(body\.|bottom_up\.)?$`)

// anchors are the keys by which a scheme, and the prefix before them, is
// known: the stem's convolution, or a block's.
var anchors = map[Scheme]*regexp.Regexp{
	Torchvision:  regexp.MustCompile(`^(.*?)conv1(\.0)?\.weight$`),
	CSAIL:        regexp.MustCompile(`^(.*?)conv1\.weight$`),
	Detectron2:   regexp.MustCompile(`^(.*?)stem\.conv1\.weight$`),
	Caffe2:       regexp.MustCompile(`^()conv1_w$`),
	Transformers: regexp.MustCompile(`^((?:.*\.)?)embedder\.embedder\.(0\.)?convolution\.weight$`),
	OpenMMLab:    regexp.MustCompile(`^((?:.*\.)?)(stem|layer0)\.0\.weight$`),
	Sequential:   regexp.MustCompile(`^((?:.*\.)?)\d+\.\d+\.conv1\.weight$`),
}

// stages are the beginnings of the first block in each scheme.
var stages = regexp.MustCompile(`^((?:.*\.)?)(layer1\.0\.conv1|res2\.0\.conv1|encoder\.stages\.0\.layers\.0\.layer\.0\.convolution)\.weight$`)

// csailStem is the third convolution of CSAIL's stem, and only of that.
var csailStem = regexp.MustCompile(`^((?:module|model|backbone|encoder)\.)*conv3\.weight$`)

// recognise tells the scheme. Those come first whose stem or blocks would pass
// for torchvision's.
func recognise(names []string) Scheme {
	staged := slices.ContainsFunc(names, stages.MatchString)
	for _, s := range []Scheme{Detectron2, Caffe2, Transformers, OpenMMLab, Sequential} {
		if slices.ContainsFunc(names, anchors[s].MatchString) && !(s == Sequential && staged) {
			return s
		}
	}
	if staged && slices.ContainsFunc(names, csailStem.MatchString) {
		return CSAIL
	}
	return Torchvision
}

// commonPrefix is what stands before the anchor: the shortest such, since
// every block has a conv1 too. Where two networks lie beside each other the
// error lists them.
func commonPrefix(names []string, anchor *regexp.Regexp) (string, error) {
	prefix, found := "", false
	for _, name := range names {
		m := anchor.FindStringSubmatch(name)
		if m != nil && (!found || len(m[1]) < len(prefix)) {
			prefix, found = m[1], true
		}
	}
	beside := []string{strings.TrimSuffix(prefix, ".")}
	for _, name := range names {
		m := stages.FindStringSubmatch(name)
		if m != nil && !strings.HasPrefix(m[1], prefix) {
			beside = append(beside, strings.TrimSuffix(m[1], "."))
		}
	}
	if len(beside) > 1 && slices.ContainsFunc(names, func(name string) bool {
		m := stages.FindStringSubmatch(name)
		return m != nil && m[1] == prefix
	}) {
		return "", unfit("it holds several networks: %s; choose one, such as weights.Under(%q)", list(beside), beside[0])
	}
	return prefix, nil
}

// translator gives keys their torchvision names; false leaves one out.
func translator(s Scheme, sd *StateDict, prefix string) func(name string) (string, bool) {
	always := func(f func(name string) string) func(string) (string, bool) {
		return func(name string) (string, bool) { return fromTorchvision(f(name)), true }
	}
	switch s {
	case Detectron2:
		return func(name string) (string, bool) {
			name, keep := fromDetectron2Heads(name)
			return fromDetectron2(name), keep
		}
	case Caffe2:
		return fromCaffe2
	case Transformers:
		return always(fromTransformers)
	case OpenMMLab:
		return always(numberedStem(sd, prefix).translate)
	case CSAIL:
		return always(fromCSAIL)
	case Sequential:
		return always(numberedChildren(sd, prefix).translate)
	}
	return always(func(name string) string { return name })
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
