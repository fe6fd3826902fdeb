package backbone

import (
	"sort"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/names"
)

// imageNet is a preset with Table 1's geometry.
func imageNet(name string, block Block, blocks ...int) Config {
	return Config{Name: name, Block: block, Blocks: blocks}.withDefaults()
}

// cifar is a preset of §4.2: 6n+2 layers in three stages of n basic blocks.
func cifar(name string, layers int, shortcut Shortcut) Config {
	n := (layers - 2) / 6
	return Config{
		Name: name, Block: BasicBlock, Blocks: []int{n, n, n}, Width: 16,
		Stem: StemCIFAR, Shortcut: shortcut, NumClasses: 10,
	}.withDefaults()
}

// ResNet18 is torchvision's resnet18.
func ResNet18() Config { return imageNet("resnet18", BasicBlock, 2, 2, 2, 2) }

// ResNet34 is torchvision's resnet34.
func ResNet34() Config { return imageNet("resnet34", BasicBlock, 3, 4, 6, 3) }

// ResNet50 is torchvision's resnet50 (v1.5: stride in the 3x3).
func ResNet50() Config { return imageNet("resnet50", BottleneckBlock, 3, 4, 6, 3) }

// ResNet101 is torchvision's resnet101.
func ResNet101() Config { return imageNet("resnet101", BottleneckBlock, 3, 4, 23, 3) }

// ResNet152 is torchvision's resnet152.
func ResNet152() Config { return imageNet("resnet152", BottleneckBlock, 3, 8, 36, 3) }

// ResNeXt50_32x4d is torchvision's resnext50_32x4d.
func ResNeXt50_32x4d() Config {
	return grouped(ResNet50(), "resnext50_32x4d", 32, 4)
}

// ResNeXt101_32x8d is torchvision's resnext101_32x8d.
func ResNeXt101_32x8d() Config {
	return grouped(ResNet101(), "resnext101_32x8d", 32, 8)
}

// ResNeXt101_64x4d is torchvision's resnext101_64x4d.
func ResNeXt101_64x4d() Config {
	return grouped(ResNet101(), "resnext101_64x4d", 64, 4)
}

// WideResNet50_2 is torchvision's wide_resnet50_2.
func WideResNet50_2() Config {
	return grouped(ResNet50(), "wide_resnet50_2", 1, 128)
}

// WideResNet101_2 is torchvision's wide_resnet101_2.
func WideResNet101_2() Config {
	return grouped(ResNet101(), "wide_resnet101_2", 1, 128)
}

func grouped(c Config, name string, groups, widthPerGroup int) Config {
	c.Name, c.Groups, c.WidthPerGroup = name, groups, widthPerGroup
	return c
}

// ResNet50V1 is the paper's and Caffe's ResNet-50: stride in the first 1x1.
func ResNet50V1() Config { return v1(ResNet50(), "resnet50_v1") }

// ResNet101V1 is the paper's and Caffe's ResNet-101.
func ResNet101V1() Config { return v1(ResNet101(), "resnet101_v1") }

// ResNet152V1 is the paper's and Caffe's ResNet-152.
func ResNet152V1() Config { return v1(ResNet152(), "resnet152_v1") }

func v1(c Config, name string) Config {
	c.Name, c.StrideIn1x1 = name, true
	return c
}

// KerasResNet50 is keras.applications.ResNet50: v1 with convolution biases
// and an epsilon of 1.001e-5.
func KerasResNet50() Config {
	c := v1(ResNet50(), "keras_resnet50")
	c.ConvBias, c.NormEps = true, 1.001e-5
	return c
}

// ResNet50D is ResNet-50-D of "Bag of Tricks" and timm's resnet50d: deep stem
// and average-pool shortcuts.
func ResNet50D() Config {
	c := ResNet50()
	c.Name, c.Stem, c.AvgDown = "resnet50d", StemDeep, true
	return c
}

// Plain18 is the paper's plain 18-layer net (Table 2): ResNet18 without
// shortcuts.
func Plain18() Config { return plain(ResNet18(), "plain18") }

// Plain34 is the paper's plain 34-layer net.
func Plain34() Config { return plain(ResNet34(), "plain34") }

func plain(c Config, name string) Config {
	c.Name, c.Shortcut = name, ShortcutNone
	return c
}

// CIFARResNet20 is the paper's CIFAR-10 ResNet-20 (§4.2, option A shortcuts).
func CIFARResNet20() Config { return cifar("cifar_resnet20", 20, ShortcutA) }

// CIFARResNet32 is the paper's CIFAR-10 ResNet-32.
func CIFARResNet32() Config { return cifar("cifar_resnet32", 32, ShortcutA) }

// CIFARResNet44 is the paper's CIFAR-10 ResNet-44.
func CIFARResNet44() Config { return cifar("cifar_resnet44", 44, ShortcutA) }

// CIFARResNet56 is the paper's CIFAR-10 ResNet-56.
func CIFARResNet56() Config { return cifar("cifar_resnet56", 56, ShortcutA) }

// CIFARResNet110 is the paper's CIFAR-10 ResNet-110.
func CIFARResNet110() Config { return cifar("cifar_resnet110", 110, ShortcutA) }

// CIFARResNet1202 is the paper's CIFAR-10 ResNet-1202.
func CIFARResNet1202() Config { return cifar("cifar_resnet1202", 1202, ShortcutA) }

// CIFARPlain20 is the paper's plain CIFAR-10 net of 20 layers; for deeper
// ones change Blocks.
func CIFARPlain20() Config { return cifar("cifar_plain20", 20, ShortcutNone) }

// presets lists every preset once; Preset and Presets read it.
var presets = func() map[string]func() Config {
	m := map[string]func() Config{}
	for _, f := range []func() Config{
		ResNet18, ResNet34, ResNet50, ResNet101, ResNet152,
		ResNeXt50_32x4d, ResNeXt101_32x8d, ResNeXt101_64x4d, WideResNet50_2, WideResNet101_2,
		ResNet50V1, ResNet101V1, ResNet152V1, KerasResNet50, ResNet50D, Plain18, Plain34,
		CIFARResNet20, CIFARResNet32, CIFARResNet44, CIFARResNet56, CIFARResNet110, CIFARResNet1202, CIFARPlain20,
	} {
		m[f().Name] = f
	}
	return m
}()

// Preset returns a preset by its name, as Presets lists them: torchvision's
// (resnet50, resnext50_32x4d, wide_resnet50_2 …), resnet50_v1, resnet50d,
// keras_resnet50, plain34, cifar_resnet20 …
func Preset(name string) (Config, error) {
	if f, ok := presets[strings.ToLower(name)]; ok {
		return f(), nil
	}
	return Config{}, errors.Wrapf(ErrConfig, "no preset %q%s", name, names.DidYouMean(name, Presets()))
}

// Presets lists the names that Preset knows, sorted.
func Presets() []string {
	list := make([]string, 0, len(presets))
	for name := range presets {
		list = append(list, name)
	}
	sort.Strings(list)
	return list
}
