package fpn

import (
	"fmt"
	"strconv"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/graph"
)

// build adds torchvision.ops.FeaturePyramidNetwork: a 1x1 convolution on every
// level of the backbone, the top-down path that adds each level's upsampled
// neighbour, and a 3x3 convolution of every sum.
func (p *Pyramid) build(b *backbone.Builder) error {
	if err := b.CheckLevels(p.config.Levels); err != nil {
		return err
	}
	levels := p.config.Levels
	maps := make([]*graph.Node, len(levels))
	var above *graph.Node
	for i := len(levels) - 1; i >= 0; i-- {
		above = p.lateral(b, i, above)
		maps[i] = p.smooth(b, i, above)
	}
	if p.config.BottomUp {
		maps = p.bottomUp(b, maps)
	}
	for i, c := range levels {
		p.add(b, "P"+c[1:], maps[i], backbone.Info{Channels: p.config.Channels, Stride: b.Info[c].Stride}, strconv.Itoa(i))
	}
	p.extra(b, maps[len(maps)-1])
	return nil
}

func (p *Pyramid) norm() graph.Op {
	switch p.config.Norm {
	case BatchNorm:
		return graph.BatchNorm{Channels: p.config.Channels, Eps: 1e-5}
	case GroupNorm:
		return graph.GroupNorm{Channels: p.config.Channels, Groups: normGroups, Eps: 1e-5}
	}
	return nil
}

// lateral is the 1x1 convolution of a level of the backbone, plus what comes
// from above, at the level's size.
func (p *Pyramid) lateral(b *backbone.Builder, i int, above *graph.Node) *graph.Node {
	c := p.config.Levels[i]
	path := fmt.Sprintf("fpn.inner_blocks.%d", i)
	p.spellings["fpn_lateral"+string(c[1:])] = path
	conv := graph.Conv{Window: graph.Square(1, 1, 0), In: b.Info[c].Channels, Out: p.config.Channels, Groups: 1}
	x := b.ConvNorm(path, b.Levels[c], conv, p.norm(), false)
	if above == nil {
		return x
	}
	up := b.Graph.Func("fpn.interpolate", graph.Resize{Mode: graph.Nearest}, above, b.Levels[c])
	sum := b.Graph.Func("fpn.add", graph.Add{}, x, up)
	if p.config.Fuse == Average {
		return b.Graph.Func("fpn.average", graph.Scale{By: 0.5}, sum)
	}
	return sum
}

// smooth is the 3x3 convolution after a sum.
func (p *Pyramid) smooth(b *backbone.Builder, i int, x *graph.Node) *graph.Node {
	path := fmt.Sprintf("fpn.layer_blocks.%d", i)
	p.spellings["fpn_output"+string(p.config.Levels[i][1:])] = path
	return b.ConvNorm(path, x, p.conv3x3(1), p.norm(), false)
}

func (p *Pyramid) conv3x3(stride int) graph.Conv {
	return graph.Conv{Window: graph.Square(3, stride, 1), In: p.config.Channels, Out: p.config.Channels, Groups: 1}
}

// extra adds the levels above the coarsest.
func (p *Pyramid) extra(b *backbone.Builder, last *graph.Node) {
	top := p.config.Levels[len(p.config.Levels)-1]
	info := p.info["P"+top[1:]]
	next := func(n int) (Level, backbone.Info) {
		return Level("P" + string(rune(top[1])+rune(n))), backbone.Info{Channels: info.Channels, Stride: info.Stride << n}
	}
	switch p.config.Extra {
	case MaxPool:
		level, info := next(1)
		x := b.Graph.Func("fpn.extra_blocks.max_pool2d", graph.MaxPool{Window: graph.Square(1, 2, 0)}, last)
		p.add(b, level, x, info, "pool")
	case P6P7, P6P7FromP5:
		conv := p.conv3x3(2)
		conv.Bias = true
		from := last
		if p.config.Extra == P6P7 {
			from, conv.In = b.Levels[top], b.Info[top].Channels
		}
		level, info := next(1)
		p6 := b.Graph.Call("fpn.extra_blocks.p6", conv, from)
		p.add(b, level, p6, info, "p6", "top_block.p6")
		conv.In = p.config.Channels
		level, info = next(2)
		relu := b.Graph.Func("fpn.extra_blocks.relu", graph.Activation{Func: graph.ReLU}, p6)
		p.add(b, level, b.Graph.Call("fpn.extra_blocks.p7", conv, relu), info, "p7", "top_block.p7")
	}
}
