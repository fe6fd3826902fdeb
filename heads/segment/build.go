package segment

import (
	"fmt"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/graph"
)

// build adds the head and, for the logits at the input's size, "out".
func (c Config) build(b *backbone.Builder) error {
	if err := b.CheckLevels([]backbone.Level{c.Level}); err != nil {
		return err
	}
	h := builder{b}
	if c.Auxiliary {
		if c.Level == backbone.C4 || b.Levels[backbone.C4] == nil {
			return errors.Wrap(ErrConfig, "segment: the auxiliary head reads C4, beside a coarser level")
		}
		h.atInputSize("aux", h.fcn("aux_classifier", b.Levels[backbone.C4], b.Info[backbone.C4].Channels, c.NumClasses))
	}
	x, channels := b.Levels[c.Level], b.Info[c.Level].Channels
	switch c.Head {
	case FCN:
		x = h.fcn("classifier", x, channels, c.NumClasses)
	case DeepLabV3:
		x = h.deepLabV3(x, channels, c)
	case DeepLabV2:
		x = h.deepLabV2(x, channels, c)
	case PSP:
		if len(c.Bins) > channels {
			return errors.Wrapf(ErrConfig, "segment: %d bins for a map of %d channels, want no more than it has", len(c.Bins), channels)
		}
		x = h.psp(x, channels, c)
	}
	b.Graph.Contain(logitsName, b.Levels[c.Level], x)
	h.atInputSize("out", x)
	return nil
}

// logitsName finds the logits at the map's size whatever the head.
const logitsName = "logits"

type builder struct{ *backbone.Builder }

// atInputSize is torchvision's last step: bilinear, corners not aligned.
func (b builder) atInputSize(name string, x *graph.Node) {
	b.Graph.Func(name, graph.Resize{Mode: graph.Bilinear}, x, b.Graph.Node("input"))
}

// convNorm is a convolution without bias, a batch normalisation and a ReLU,
// as consecutive elements of a torch.nn.Sequential.
func (b builder) convNorm(path string, first int, x *graph.Node, w graph.Window, in, out int) *graph.Node {
	name := func(i int) string { return fmt.Sprintf("%s.%d", path, first+i) }
	x = b.Graph.Call(name(0), graph.Conv{Window: w, In: in, Out: out, Groups: 1}, x)
	x = b.Graph.Call(name(1), graph.BatchNorm{Channels: out, Eps: 1e-5}, x)
	return b.Graph.Call(name(2), graph.Activation{Func: graph.ReLU}, x)
}

// classifier is the 1x1 convolution that ends a head.
func (b builder) classifier(name string, x *graph.Node, in, classes int) *graph.Node {
	return b.Graph.Call(name, graph.Conv{Window: graph.Square(1, 1, 0), In: in, Out: classes, Groups: 1, Bias: true}, x)
}

// dilated is a 3x3 window that keeps the map's size.
func dilated(rate int) graph.Window {
	w := graph.Square(3, 1, rate)
	w.Dilation = [2]int{rate, rate}
	return w
}

// fcn is torchvision.models.segmentation.fcn.FCNHead. Its dropout does nothing
// here.
func (b builder) fcn(path string, in *graph.Node, channels, classes int) *graph.Node {
	x := b.convNorm(path, 0, in, graph.Square(3, 1, 1), channels, channels/4)
	x = b.classifier(path+".4", x, channels/4, classes)
	b.Graph.Contain(path, in, x)
	return x
}

// asppChannels is the width of DeepLabV3's branches.
const asppChannels = 256

// deepLabV3 is torchvision.models.segmentation.deeplabv3.DeepLabHead.
func (b builder) deepLabV3(in *graph.Node, channels int, c Config) *graph.Node {
	x := b.aspp("classifier.0", in, channels, c.Rates)
	x = b.convNorm("classifier", 1, x, graph.Square(3, 1, 1), asppChannels, asppChannels)
	x = b.classifier("classifier.4", x, asppChannels, c.NumClasses)
	b.Graph.Contain("classifier", in, x)
	return x
}

// aspp is torchvision's atrous spatial pyramid pooling: a 1x1 convolution,
// dilated ones, and the map's mean, joined by a projection.
func (b builder) aspp(path string, in *graph.Node, channels int, rates []int) *graph.Node {
	name := func(i int) string { return fmt.Sprintf("%s.convs.%d", path, i) }
	add := func(i, first int, x *graph.Node, w graph.Window) *graph.Node {
		return b.convNorm(name(i), first, x, w, channels, asppChannels)
	}
	branches := []*graph.Node{add(0, 0, in, graph.Square(1, 1, 0))}
	for i, rate := range rates {
		branches = append(branches, add(i+1, 0, in, dilated(rate)))
	}
	last := len(rates) + 1
	pooled := b.Graph.Call(name(last)+".0", graph.AdaptiveAvgPool{Height: 1, Width: 1}, in)
	pooled = add(last, 1, pooled, graph.Square(1, 1, 0))
	branches = append(branches, b.Graph.Func(name(last)+".interpolate", graph.Resize{Mode: graph.Bilinear}, pooled, in))
	for i, x := range branches {
		b.Graph.Contain(name(i), in, x)
	}
	joined := b.Graph.Func(path+".cat", graph.Concat{}, branches...)
	x := b.convNorm(path+".project", 0, joined, graph.Square(1, 1, 0), asppChannels*len(branches), asppChannels)
	b.Graph.Contain(path+".project", joined, x)
	b.Graph.Contain(path, in, x)
	return x
}

// deepLabV2 sums a dilated classifier for each rate.
func (b builder) deepLabV2(in *graph.Node, channels int, c Config) *graph.Node {
	var sum *graph.Node
	for i, rate := range c.Rates {
		x := b.Graph.Call(fmt.Sprintf("classifier.conv2d_list.%d", i), graph.Conv{
			Window: dilated(rate), In: channels, Out: c.NumClasses, Groups: 1, Bias: true,
		}, in)
		if sum != nil {
			x = b.Graph.Func("classifier.add", graph.Add{}, sum, x)
		}
		sum = x
	}
	b.Graph.Contain("classifier", in, sum)
	return sum
}

// pspChannels is the width of the convolution after the pooled maps.
const pspChannels = 512

// psp is PSPNet's: ppm.features.i pools into bins, a 1x1 convolution reduces,
// and cls classifies all of them beside the map itself.
func (b builder) psp(in *graph.Node, channels int, c Config) *graph.Node {
	reduced := channels / len(c.Bins)
	maps := []*graph.Node{in}
	for i, bin := range c.Bins {
		path := fmt.Sprintf("ppm.features.%d", i)
		x := b.Graph.Call(path+".0", graph.AdaptiveAvgPool{Height: bin, Width: bin}, in)
		x = b.convNorm(path, 1, x, graph.Square(1, 1, 0), channels, reduced)
		b.Graph.Contain(path, in, x)
		maps = append(maps, b.Graph.Func("ppm.interpolate", graph.Resize{Mode: graph.BilinearAlignCorners}, x, in))
	}
	joined := b.Graph.Func("ppm.cat", graph.Concat{}, maps...)
	x := b.convNorm("cls", 0, joined, graph.Square(3, 1, 1), channels+reduced*len(c.Bins), pspChannels)
	return b.classifier("cls.4", x, pspChannels, c.NumClasses)
}
