package backbone

import (
	"math"

	"github.com/pkg/errors"
)

// ErrConfig is wrapped by every error about a configuration that describes no
// network: an impossible output stride, groups that do not divide the width.
var ErrConfig = errors.New("invalid backbone configuration")

// Block is the kind of residual block (Figure 5 of the paper).
type Block string

const (
	// BasicBlock is two 3x3 convolutions.
	BasicBlock Block = "basic"
	// BottleneckBlock is 1x1, 3x3 and 1x1, the last four times as wide.
	BottleneckBlock Block = "bottleneck"
)

// expansion is a block's output channels over its planes.
func (b Block) expansion() int {
	if b == BottleneckBlock {
		return 4
	}
	return 1
}

// Shortcut is the paper's shortcut option (§3.3 and §4.1).
type Shortcut string

const (
	// ShortcutA is identity everywhere; where the shape changes it takes
	// every second pixel and pads the new channels with zeros, half before
	// and half after. It has no parameters. CIFAR ResNets use it.
	ShortcutA Shortcut = "A"
	// ShortcutB projects (1x1 convolution and normalisation) where the shape
	// changes and is identity elsewhere. The default, and torchvision's.
	ShortcutB Shortcut = "B"
	// ShortcutC projects in every block.
	ShortcutC Shortcut = "C"
	// ShortcutNone makes the plain nets that the paper compares with.
	ShortcutNone Shortcut = "none"
)

// Stem is what comes before conv2_x.
type Stem string

const (
	// StemImageNet is a 7x7 convolution of stride 2 and a 3x3 max pool of
	// stride 2.
	StemImageNet Stem = "imagenet"
	// StemDeep is ResNet-C's and -D's: three 3x3 convolutions, the first of
	// stride 2, in place of the 7x7 (He et al., "Bag of Tricks"); the first
	// two have half the width. Node names are timm's: conv1.0 … conv1.6, bn1.
	StemDeep Stem = "deep"
	// StemCIFAR is one 3x3 convolution of stride 1 and no pool.
	StemCIFAR Stem = "cifar"
	// StemNoPool is StemImageNet without the pool: LoFTR's, whose finest map
	// has half the image's resolution.
	StemNoPool Stem = "no_pool"
)

// stride is how much the stem shrinks an image.
func (s Stem) stride() int {
	switch s {
	case StemCIFAR:
		return 1
	case StemNoPool:
		return 2
	}
	return 4
}

// Norm is the normalisation that follows every convolution.
type Norm string

const (
	// BatchNorm uses its running statistics, as PyTorch does in eval mode.
	BatchNorm Norm = "batch"
	// FrozenBatchNorm computes the same as BatchNorm; detection models are
	// trained with it, and its checkpoints carry no num_batches_tracked.
	FrozenBatchNorm Norm = "frozen_batch"
	// GroupNorm computes its statistics from each image (Wu and He, 2018).
	GroupNorm Norm = "group"
)

// Config describes one network of the residual family. The presets
// ([ResNet50], [ResNeXt50_32x4d], [CIFARResNet20] …) fill it in; every field
// may then be changed. A zero field takes the default that its comment gives.
type Config struct {
	// Name is used in messages. Presets carry torchvision's name.
	Name string
	// Block is BasicBlock or BottleneckBlock. Required.
	Block Block
	// Blocks is the number of blocks in each stage: [3 4 6 3] for ResNet-50.
	// Stages are conv2_x, conv3_x … or layer1, layer2 …; each after the first
	// halves the map and doubles the width. Required.
	Blocks []int
	// Width is the planes of the first stage and the stem's channels.
	// Default 64.
	Width int
	// StageWidths are the planes of each stage where they do not double; the
	// stem keeps Width. Default: Width, 2·Width, 4·Width …
	StageWidths []int
	// WidthMultiplier scales the width of everything; results are rounded.
	// Default 1.
	WidthMultiplier float64
	// Groups is the cardinality of the bottleneck's 3x3 (ResNeXt). Default 1.
	Groups int
	// WidthPerGroup is the 3x3's channels per group in the first stage, as
	// torchvision's width_per_group: 4 in ResNeXt-50 32x4d, 128 in
	// Wide-ResNet-50-2. Default 64.
	WidthPerGroup int
	// StrideIn1x1 puts a bottleneck's stride in its first 1x1, as the paper,
	// Caffe and Keras do (v1), not in the 3x3, as torchvision does (v1.5).
	StrideIn1x1 bool
	// Shortcut defaults to ShortcutB.
	Shortcut Shortcut
	// AvgDown is ResNet-D's shortcut: a 2x2 average pool carries the stride
	// and the projection has stride 1.
	AvgDown bool
	// Stem defaults to StemImageNet.
	Stem Stem
	// InChannels is the image's channels. Default 3.
	InChannels int
	// Norm defaults to BatchNorm.
	Norm Norm
	// NormEps is added to the variance. Default 1e-5; Keras has 1.001e-5.
	NormEps float64
	// NormGroups is GroupNorm's number of groups. Default 32.
	NormGroups int
	// ConvBias gives every convolution a bias, as Keras' ResNets have.
	ConvBias bool
	// ReplaceStrideWithDilation has an entry for each stage after the first:
	// true keeps that stage's resolution and dilates its 3x3 convolutions.
	// The first block of a dilated stage keeps the dilation before it, as in
	// torchvision. Default: all false.
	ReplaceStrideWithDilation []bool
	// OutputStride says the same as a number: the stride of the last map, 32,
	// 16 or 8 with an ImageNet stem. Excludes ReplaceStrideWithDilation.
	OutputStride int
	// NumClasses is the classifier's outputs. Default 1000.
	NumClasses int
	// NoClassifier leaves out avgpool and fc; Forward then returns the last
	// map.
	NoClassifier bool
	// Seed seeds the initial weights, N(0, sqrt(2/n)) with n the fan-out
	// (He et al. 2015; torchvision's kaiming_normal_). Load replaces them.
	Seed uint64
	// ZeroInitResidual starts each block's last normalisation at zero weight,
	// so that blocks start as identities.
	ZeroInitResidual bool
}

// withDefaults fills in zero fields.
func (c Config) withDefaults() Config {
	setDefault(&c.Width, 64)
	setDefault(&c.WidthMultiplier, 1)
	setDefault(&c.Groups, 1)
	setDefault(&c.WidthPerGroup, 64)
	setDefault(&c.Shortcut, ShortcutB)
	setDefault(&c.Stem, StemImageNet)
	setDefault(&c.InChannels, 3)
	setDefault(&c.Norm, BatchNorm)
	setDefault(&c.NormEps, 1e-5)
	setDefault(&c.NormGroups, 32)
	setDefault(&c.NumClasses, 1000)
	setDefault(&c.Name, "resnet")
	c.Blocks = append([]int(nil), c.Blocks...)
	c.StageWidths = append([]int(nil), c.StageWidths...)
	c.ReplaceStrideWithDilation = append([]bool(nil), c.ReplaceStrideWithDilation...)
	return c
}

func setDefault[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// Bounds that keep a hostile configuration from asking for absurd memory.
const (
	maxStages   = 8
	maxBlocks   = 10000
	maxChannels = 1 << 20
)

// Validate reports whether the configuration describes a network, as an error
// that wraps [ErrConfig] and says which field to change.
func (c Config) Validate() error {
	c = c.withDefaults()
	for _, check := range []func() error{c.checkEnums, c.checkSizes, c.checkWidths, c.checkDilation} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (c Config) errorf(format string, args ...any) error {
	return errors.Wrapf(errors.Wrapf(ErrConfig, format, args...), "%s", c.Name)
}

func (c Config) checkEnums() error {
	switch c.Block {
	case BasicBlock, BottleneckBlock:
	default:
		return c.errorf("Block is %q, want %q or %q", c.Block, BasicBlock, BottleneckBlock)
	}
	switch c.Shortcut {
	case ShortcutA, ShortcutB, ShortcutC, ShortcutNone:
	default:
		return c.errorf("Shortcut is %q, want %q, %q, %q or %q", c.Shortcut, ShortcutA, ShortcutB, ShortcutC, ShortcutNone)
	}
	switch c.Stem {
	case StemImageNet, StemDeep, StemCIFAR, StemNoPool:
	default:
		return c.errorf("Stem is %q, want %q, %q, %q or %q", c.Stem, StemImageNet, StemDeep, StemCIFAR, StemNoPool)
	}
	switch c.Norm {
	case BatchNorm, FrozenBatchNorm, GroupNorm:
	default:
		return c.errorf("Norm is %q, want %q, %q or %q", c.Norm, BatchNorm, FrozenBatchNorm, GroupNorm)
	}
	return nil
}

func (c Config) checkSizes() error {
	if len(c.Blocks) == 0 || len(c.Blocks) > maxStages {
		return c.errorf("Blocks has %d stages, want 1 to %d", len(c.Blocks), maxStages)
	}
	for i, n := range c.Blocks {
		if n < 1 || n > maxBlocks {
			return c.errorf("Blocks[%d] is %d, want 1 to %d", i, n, maxBlocks)
		}
	}
	for _, f := range []struct {
		name  string
		value int
	}{
		{"Width", c.Width}, {"Groups", c.Groups}, {"WidthPerGroup", c.WidthPerGroup},
		{"InChannels", c.InChannels}, {"NormGroups", c.NormGroups}, {"NumClasses", c.NumClasses},
	} {
		if f.value < 1 || f.value > maxChannels {
			return c.errorf("%s is %d, want 1 to %d", f.name, f.value, maxChannels)
		}
	}
	if !(c.WidthMultiplier > 0 && c.WidthMultiplier <= 1024) {
		return c.errorf("WidthMultiplier is %v, want more than 0, at most 1024", c.WidthMultiplier)
	}
	if !(c.NormEps > 0 && c.NormEps < 1) {
		return c.errorf("NormEps is %v, want between 0 and 1", c.NormEps)
	}
	return nil
}

func (c Config) checkWidths() error {
	if n := len(c.StageWidths); n > 0 && n != len(c.Blocks) {
		return c.errorf("StageWidths has %d entries, want %d, one for each stage", n, len(c.Blocks))
	}
	for i, w := range c.StageWidths {
		if w < 1 || w > maxChannels {
			return c.errorf("StageWidths[%d] is %d, want 1 to %d", i, w, maxChannels)
		}
	}
	if c.Block == BasicBlock && (c.Groups != 1 || c.WidthPerGroup != 64) {
		return c.errorf("Groups and WidthPerGroup need %q blocks", BottleneckBlock)
	}
	if c.Block == BasicBlock && c.StrideIn1x1 {
		return c.errorf("StrideIn1x1 needs %q blocks", BottleneckBlock)
	}
	if c.AvgDown && (c.Shortcut == ShortcutA || c.Shortcut == ShortcutNone) {
		return c.errorf("AvgDown needs projection shortcuts (B or C), Shortcut is %q", c.Shortcut)
	}
	if c.Stem == StemDeep && c.stemWidth()%2 != 0 {
		return c.errorf("a deep stem needs an even width, have %d", c.stemWidth())
	}
	norm := []int{c.stemWidth()}
	if c.Stem == StemDeep {
		norm = append(norm, c.stemWidth()/2)
	}
	for i := range c.Blocks {
		norm = append(norm, c.blockWidth(i), c.planes(i), c.StageChannels(i))
		if c.blockWidth(i) < 1 || c.StageChannels(i) > maxChannels {
			return c.errorf("stage %d is %d channels wide inside and %d outside, want 1 to %d", i+1, c.blockWidth(i), c.StageChannels(i), maxChannels)
		}
	}
	for _, channels := range norm {
		if c.Norm == GroupNorm && channels%c.NormGroups != 0 {
			return c.errorf("NormGroups %d does not divide %d channels", c.NormGroups, channels)
		}
	}
	return nil
}

func (c Config) checkDilation() error {
	replace := c.ReplaceStrideWithDilation
	if len(replace) > 0 && len(replace) != len(c.Blocks)-1 {
		return c.errorf("ReplaceStrideWithDilation has %d entries, want %d, one for each stage after the first", len(replace), len(c.Blocks)-1)
	}
	if c.OutputStride == 0 {
		return nil
	}
	if len(replace) > 0 {
		return c.errorf("set OutputStride or ReplaceStrideWithDilation, not both")
	}
	smallest := c.Stem.stride()
	largest := smallest << (len(c.Blocks) - 1)
	for s := smallest; s <= largest; s *= 2 {
		if s == c.OutputStride {
			return nil
		}
	}
	return c.errorf("OutputStride is %d, want a power of two from %d to %d", c.OutputStride, smallest, largest)
}

// replaceStride is ReplaceStrideWithDilation with an entry for every stage,
// the first included, and OutputStride translated.
func (c Config) replaceStride() []bool {
	replace := make([]bool, len(c.Blocks))
	if len(c.ReplaceStrideWithDilation) > 0 {
		copy(replace[1:], c.ReplaceStrideWithDilation)
	}
	if c.OutputStride > 0 {
		stride := c.Stem.stride()
		for i := 1; i < len(replace); i++ {
			stride *= 2
			replace[i] = stride > c.OutputStride
		}
	}
	return replace
}

func (c Config) scaled(channels int) int {
	return max(1, int(math.Round(float64(channels)*c.WidthMultiplier)))
}

// stemWidth is the stem's output channels.
func (c Config) stemWidth() int { return c.scaled(c.Width) }

// planes is the width that the paper's Table 1 gives for a stage's 3x3
// convolutions, before ResNeXt's and Wide-ResNet's factors.
func (c Config) planes(stage int) int {
	if len(c.StageWidths) > 0 {
		return c.scaled(c.StageWidths[stage])
	}
	return c.scaled(c.Width << stage)
}

// blockWidth is the channels inside a stage's blocks, as torchvision computes
// them.
func (c Config) blockWidth(stage int) int {
	if c.Block == BasicBlock {
		return c.planes(stage)
	}
	return int(float64(c.planes(stage))*float64(c.WidthPerGroup)/64) * c.Groups
}

// StageChannels is the channels of stage i's output: 0 is conv2_x.
func (c Config) StageChannels(i int) int {
	c = c.withDefaults()
	return c.planes(i) * c.Block.expansion()
}
