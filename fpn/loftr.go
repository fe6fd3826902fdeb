package fpn

import (
	"context"
	"fmt"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/ops"
)

// LoFTRConfig describes LoFTR's backbone (Sun et al., "LoFTR: Detector-Free
// Local Feature Matching with Transformers", 2021): a ResNet of basic blocks on
// one channel, and a pyramid of which a coarse and a fine map are used.
type LoFTRConfig struct {
	// InitialDim is the stem's channels.
	InitialDim int
	// BlockDims are the channels of the stages, of strides 2, 4, 8 …
	BlockDims []int
	// Fine is the stage whose stride the fine map has, from 0.
	Fine int
}

// LoFTR8x2 is ResNetFPN_8_2: a coarse map of stride 8 with 256 channels and a
// fine one of stride 2 with 128.
func LoFTR8x2() LoFTRConfig {
	return LoFTRConfig{InitialDim: 128, BlockDims: []int{128, 196, 256}}
}

// LoFTR16x4 is ResNetFPN_16_4: a coarse map of stride 16 with 512 channels and
// a fine one of stride 4 with 196.
func LoFTR16x4() LoFTRConfig {
	return LoFTRConfig{InitialDim: 128, BlockDims: []int{128, 196, 256, 512}, Fine: 1}
}

// LoFTR is the backbone that a [LoFTRConfig] describes. Everything that a Network can do, it can. Nodes and
// keys are LoFTR's: layer3_outconv, layer2_outconv2.0.
type LoFTR struct {
	*backbone.Network
	config       LoFTRConfig
	coarse, fine string // nodes
}

// NewLoFTR makes the network, with random weights until Load gives it others.
// Errors wrap [ErrConfig].
func NewLoFTR(c LoFTRConfig, opts ...backbone.Option) (*LoFTR, error) {
	if len(c.BlockDims) < 2 || c.Fine < 0 || c.Fine >= len(c.BlockDims)-1 {
		return nil, errors.Wrapf(ErrConfig, "loftr: %d stages with the fine map at %d: want at least 2, and the fine map before the last", len(c.BlockDims), c.Fine)
	}
	blocks := make([]int, len(c.BlockDims))
	for i := range blocks {
		blocks[i] = 2
	}
	net, err := backbone.New(backbone.Config{
		Name: "loftr", Block: backbone.BasicBlock, Blocks: blocks, StageWidths: c.BlockDims,
		Width: c.InitialDim, Stem: backbone.StemNoPool, InChannels: 1, NoClassifier: true,
	}, opts...)
	if err != nil {
		return nil, err
	}
	l := &LoFTR{config: c}
	l.Network, err = net.Extend(backbone.Extension{Name: "fpn", Build: l.build})
	return l, err
}

// Features computes the coarse and the fine map of grey images, N×1×H×W, with
// values from 0 to 1.
func (l *LoFTR) Features(ctx context.Context, x *ops.Tensor) (coarse, fine *ops.Tensor, err error) {
	out, err := l.Run(ctx, x, l.coarse, l.fine)
	return out[l.coarse], out[l.fine], err
}

// build goes down from the coarsest stage: its map, upsampled with corners
// aligned, is added to the next finer one, and two convolutions follow. LoFTR
// scales by 2 and so wants sizes that divide; here maps take the size of what
// they are added to, which is the same for those.
func (l *LoFTR) build(b *backbone.Builder) error {
	last := len(l.config.BlockDims) - 1
	x := l.lateral(b, last, l.config.BlockDims[last])
	l.coarse = x.Name
	channels := l.config.BlockDims[last]
	for i := last - 1; i >= l.config.Fine; i-- {
		in := l.stage(b, i)
		up := b.Graph.Func("interpolate", graph.Resize{Mode: graph.BilinearAlignCorners}, x, in)
		sum := b.Graph.Func("add", graph.Add{}, l.lateral(b, i, channels), up)
		x = l.smooth(b, i, sum, channels)
		channels = l.config.BlockDims[i]
	}
	l.fine = x.Name
	return nil
}

func (l *LoFTR) stage(b *backbone.Builder, i int) *graph.Node {
	m, _ := b.Graph.Module(fmt.Sprintf("layer%d", i+1))
	return m.Output
}

func (l *LoFTR) lateral(b *backbone.Builder, i, channels int) *graph.Node {
	return b.Graph.Call(fmt.Sprintf("layer%d_outconv", i+1), graph.Conv{
		Window: graph.Square(1, 1, 0), In: l.config.BlockDims[i], Out: channels, Groups: 1,
	}, l.stage(b, i))
}

// smooth is a 3x3 convolution, a normalisation, a LeakyReLU, and a 3x3
// convolution to the stage's channels.
func (l *LoFTR) smooth(b *backbone.Builder, i int, in *graph.Node, channels int) *graph.Node {
	path := fmt.Sprintf("layer%d_outconv2", i+1)
	conv := graph.Conv{Window: graph.Square(3, 1, 1), In: channels, Out: channels, Groups: 1}
	x := b.Graph.Call(path+".0", conv, in)
	x = b.Graph.Call(path+".1", graph.BatchNorm{Channels: channels, Eps: 1e-5}, x)
	x = b.Graph.Call(path+".2", graph.Activation{Func: graph.LeakyReLU, Slope: 0.01}, x)
	conv.Out = l.config.BlockDims[i]
	x = b.Graph.Call(path+".3", conv, x)
	b.Graph.Contain(path, in, x)
	return x
}
