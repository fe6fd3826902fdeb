package fpn

import (
	"fmt"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/graph"
)

// bottomUp is PAN's path from fine to coarse (Liu et al., "Path Aggregation
// Network for Instance Segmentation", 2018, §3.1): a 3x3 convolution of stride
// 2 brings a level to the next one's size, they are added, and a 3x3
// convolution follows. Names and the place of normalisation and activation are
// mmdetection's PAFPN: downsample_convs.i.conv, pafpn_convs.i.conv.
func (p *Pyramid) bottomUp(b *backbone.Builder, maps []*graph.Node) []*graph.Node {
	out := []*graph.Node{maps[0]}
	for i, x := range maps[1:] {
		down := p.pathConv(b, fmt.Sprintf("fpn.downsample_convs.%d", i), out[i], 2)
		sum := b.Graph.Func("fpn.add", graph.Add{}, x, down)
		out = append(out, sum)
	}
	for i, x := range out[1:] {
		out[i+1] = p.pathConv(b, fmt.Sprintf("fpn.pafpn_convs.%d", i), x, 1)
	}
	return out
}

// pathConv is mmcv's ConvModule: conv, and bn where there is a normalisation.
func (p *Pyramid) pathConv(b *backbone.Builder, path string, x *graph.Node, stride int) *graph.Node {
	in, conv := x, p.conv3x3(stride)
	norm := p.norm()
	conv.Bias = norm == nil
	x = b.Graph.Call(path+".conv", conv, x)
	if norm != nil {
		x = b.Graph.Call(path+".bn", norm, x)
	}
	b.Graph.Contain(path, in, x)
	return x
}
