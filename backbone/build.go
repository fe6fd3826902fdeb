package backbone

import (
	"fmt"

	"github.com/vertebra-vision/vertebra/internal/graph"
)

// builder turns a configuration into a graph. The configuration is valid and
// has its defaults.
type builder struct {
	Config
	g *graph.Graph
	// zeroInit are the modules whose weight starts at zero.
	zeroInit map[string]bool
	stages   []Info
	stem     *graph.Node
}

// build makes the graph: input, stem, stages, classifier.
func build(c Config) *builder {
	b := &builder{Config: c, g: graph.New(), zeroInit: map[string]bool{}}
	x := b.buildStem(b.g.Func("input", graph.Input{Channels: c.InChannels}))
	b.stem = x
	stride, dilation := c.Stem.stride(), 1
	for i, replace := range c.replaceStride() {
		s := stage{index: i, stride: 1, firstDilation: dilation}
		if i > 0 {
			s.stride = 2
		}
		if replace {
			dilation *= s.stride
			s.stride = 1
		}
		s.dilation = dilation
		stride *= s.stride
		x = b.buildStage(x, s)
		b.stages = append(b.stages, Info{Channels: c.StageChannels(i), Stride: stride})
	}
	if !c.NoClassifier {
		x = b.g.Call("avgpool", graph.AdaptiveAvgPool{Height: 1, Width: 1}, x)
		x = b.g.Func("flatten", graph.Flatten{}, x)
		b.g.Call("fc", graph.Linear{In: c.StageChannels(len(c.Blocks) - 1), Out: c.NumClasses, Bias: true}, x)
	}
	return b
}

func (b *builder) buildStem(in *graph.Node) *graph.Node {
	width := b.stemWidth()
	var x *graph.Node
	switch b.Stem {
	case StemCIFAR:
		x = b.conv("conv1", in, b.InChannels, width, graph.Square(3, 1, 1), 1)
	case StemDeep:
		x = b.buildDeepStem(in, width)
	default:
		x = b.conv("conv1", in, b.InChannels, width, graph.Square(7, 2, 3), 1)
	}
	x = b.relu("relu", b.norm("bn1", x, width))
	if b.Stem == StemCIFAR || b.Stem == StemNoPool {
		return x
	}
	return b.g.Call("maxpool", graph.MaxPool{Window: graph.Square(3, 2, 1)}, x)
}

// stemKey is the parameter that reads the image.
func (b *builder) stemKey() string {
	if b.Stem == StemDeep {
		return "conv1.0.weight"
	}
	return "conv1.weight"
}

// buildDeepStem is the conv1 of ResNet-C and -D: convolutions .0, .3 and .6,
// norms .1 and .4, ReLUs .2 and .5.
func (b *builder) buildDeepStem(in *graph.Node, width int) *graph.Node {
	half := width / 2
	x := b.conv("conv1.0", in, b.InChannels, half, graph.Square(3, 2, 1), 1)
	x = b.relu("conv1.2", b.norm("conv1.1", x, half))
	x = b.conv("conv1.3", x, half, half, graph.Square(3, 1, 1), 1)
	x = b.relu("conv1.5", b.norm("conv1.4", x, half))
	x = b.conv("conv1.6", x, half, width, graph.Square(3, 1, 1), 1)
	b.g.Contain("conv1", in, x)
	return x
}

// stage is the geometry of one of conv2_x … conv5_x.
type stage struct {
	index  int
	stride int // of the first block
	// firstDilation is the first block's: that of the stage before.
	firstDilation, dilation int
}

func (b *builder) buildStage(x *graph.Node, s stage) *graph.Node {
	name := fmt.Sprintf("layer%d", s.index+1)
	in := x
	for i := range b.Blocks[s.index] {
		blk := block{
			name:  fmt.Sprintf("%s.%d", name, i),
			in:    b.StageChannels(s.index),
			width: b.blockWidth(s.index),
			out:   b.StageChannels(s.index),
			first: i == 0, stride: 1,
			dilation: s.dilation, stageDilation: s.dilation,
		}
		if i == 0 {
			blk.in = b.stemWidth()
			if s.index > 0 {
				blk.in = b.StageChannels(s.index - 1)
			}
			blk.stride, blk.dilation = s.stride, s.firstDilation
		}
		x = b.buildBlock(x, blk)
	}
	b.g.Contain(name, in, x)
	return x
}

// block is the geometry of one residual block.
type block struct {
	name           string
	in, width, out int // channels
	first          bool
	stride         int
	// dilation is that of the block's strided 3x3; stageDilation that of
	// later 3x3 convolutions.
	dilation, stageDilation int
}

// buildBlock is F(x) + shortcut(x), then ReLU (equations 1 and 2).
func (b *builder) buildBlock(x *graph.Node, s block) *graph.Node {
	relu := s.name + ".relu"
	y := b.buildBranch(x, s)
	if b.Shortcut != ShortcutNone {
		y = b.g.Func(s.name+".add", graph.Add{}, y, b.buildShortcut(x, s))
	}
	y = b.relu(relu, y)
	b.g.Contain(s.name, x, y)
	return y
}

// buildBranch is the residual function F(x), without its last ReLU.
func (b *builder) buildBranch(x *graph.Node, s block) *graph.Node {
	relu := s.name + ".relu"
	last := "bn2"
	var y *graph.Node
	if b.Block == BasicBlock {
		y = b.conv(s.name+".conv1", x, s.in, s.width, dilated(s.stride, s.dilation), 1)
		y = b.relu(relu, b.norm(s.name+".bn1", y, s.width))
		y = b.conv(s.name+".conv2", y, s.width, s.out, dilated(1, s.stageDilation), 1)
		y = b.norm(s.name+".bn2", y, s.out)
	} else {
		last = "bn3"
		stride1, stride2 := 1, s.stride
		if b.StrideIn1x1 {
			stride1, stride2 = s.stride, 1
		}
		y = b.conv(s.name+".conv1", x, s.in, s.width, graph.Square(1, stride1, 0), 1)
		y = b.relu(relu, b.norm(s.name+".bn1", y, s.width))
		y = b.conv(s.name+".conv2", y, s.width, s.width, dilated(stride2, s.dilation), b.Groups)
		y = b.relu(relu, b.norm(s.name+".bn2", y, s.width))
		y = b.conv(s.name+".conv3", y, s.width, s.out, graph.Square(1, 1, 0), 1)
		y = b.norm(s.name+".bn3", y, s.out)
	}
	if b.ZeroInitResidual {
		b.zeroInit[s.name+"."+last] = true
	}
	return y
}

// dilated is a 3x3 window that keeps the map's size but for the stride.
func dilated(stride, dilation int) graph.Window {
	w := graph.Square(3, stride, dilation)
	w.Dilation = [2]int{dilation, dilation}
	return w
}

func (b *builder) conv(name string, x *graph.Node, in, out int, w graph.Window, groups int) *graph.Node {
	return b.g.Call(name, graph.Conv{Window: w, In: in, Out: out, Groups: groups, Bias: b.ConvBias}, x)
}

func (b *builder) norm(name string, x *graph.Node, channels int) *graph.Node {
	if b.Norm == GroupNorm {
		return b.g.Call(name, graph.GroupNorm{Channels: channels, Groups: b.NormGroups, Eps: b.NormEps}, x)
	}
	return b.g.Call(name, graph.BatchNorm{Channels: channels, Eps: b.NormEps}, x)
}

func (b *builder) relu(name string, x *graph.Node) *graph.Node {
	return b.g.Call(name, graph.Activation{Func: graph.ReLU}, x)
}
