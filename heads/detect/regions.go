package detect

import (
	"context"
	"math"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/ops"
)

// pooler is torchvision's MultiScaleRoIAlign, or detectron2's ROIPooler, on the
// maps of one batch.
type pooler struct {
	maps    []*ops.Tensor
	scales  []float32
	mapper  ops.LevelMapper
	options ops.RoIAlignOptions
}

// pooler finds the maps' scales: nominal ones, or as torchvision does from the
// largest image of the batch. (torchvision keeps those of a model's first
// batch; being powers of two, they hardly ever differ.)
func (r *rcnn) pooler(maps []*ops.Tensor, b *batch) (*pooler, error) {
	s := &r.settings
	p := &pooler{maps: maps, options: ops.RoIAlignOptions{SamplingRatio: s.sampling, Aligned: s.aligned, Threads: s.threads}}
	height := 0
	for _, s := range b.resized {
		height = max(height, s.h)
	}
	for i, m := range maps {
		if s.nominal {
			p.scales = append(p.scales, 1/float32(r.strides[i]))
			continue
		}
		s, err := ops.InferScale(m.Dim(2), height)
		if err != nil {
			return nil, err
		}
		p.scales = append(p.scales, s)
	}
	level := func(scale float32) int { return -int(math.Log2(float64(scale))) }
	p.mapper = ops.NewLevelMapper(level(p.scales[0]), level(p.scales[len(p.scales)-1]))
	return p, nil
}

// pool returns the K×C×side×side of K regions.
func (p *pooler) pool(ctx context.Context, rois []ops.RoI, side int) (*ops.Tensor, error) {
	out, err := ops.New(len(rois), p.maps[0].Dim(1), side, side)
	if err != nil {
		return nil, err
	}
	for level, m := range p.maps {
		var ofLevel []ops.RoI
		var at []int
		for i, r := range rois {
			if len(p.maps) == 1 || p.mapper.Level(r.Box) == level {
				ofLevel, at = append(ofLevel, r), append(at, i)
			}
		}
		if len(at) == 0 {
			continue
		}
		opt := p.options
		opt.Size, opt.Scale = [2]int{side, side}, p.scales[level]
		y, err := ops.RoIAlign(ctx, m, ofLevel, opt)
		if err != nil {
			return nil, err
		}
		for k, i := range at {
			copy(valuesOf(out, i), valuesOf(y, k))
		}
	}
	return out, nil
}

// Regions go through their heads in batches of few sizes, so that few plans
// serve any number of them.
var (
	// mapBatches are for convolutions on regions, which cost as much as there
	// are regions.
	mapBatches = []int{32, 8, 1}
	// rowBatches are for fully connected layers, where the rest of a batch is
	// padded.
	rowBatches = []int{256, 64, 16}
)

// runMaps runs nodes' ancestors on K×C×h×w and returns each one's values for
// all K.
func (d *Detector) runMaps(ctx context.Context, x *ops.Tensor, nodes ...*graph.Node) ([]*ops.Tensor, error) {
	var parts [][]*ops.Tensor
	for from := 0; from < x.Dim(0); {
		n := x.Dim(0) - from
		for _, s := range mapBatches {
			if s <= n {
				n = s
				break
			}
		}
		rows, err := x.Rows(from, from+n)
		if err != nil {
			return nil, err
		}
		out, err := d.run(ctx, rows, nodes...)
		if err != nil {
			return nil, err
		}
		parts, from = append(parts, out), from+n
	}
	out := make([]*ops.Tensor, len(nodes))
	for i := range nodes {
		shape := parts[0][i].Shape()
		shape[0] = x.Dim(0)
		t, err := ops.New(shape...)
		if err != nil {
			return nil, err
		}
		at := 0
		for _, p := range parts {
			at += copy(t.Data()[at:], p[i].Data())
		}
		out[i] = t
	}
	return out, nil
}

// runRows runs fully connected layers on K rows of features and returns, for
// each node, K rows.
func (d *Detector) runRows(ctx context.Context, x *ops.Tensor, nodes ...*graph.Node) ([][]float32, error) {
	k := x.Dim(0)
	features := x.Len() / k
	out := make([][]float32, len(nodes))
	for from := 0; from < k; {
		n := rowBatches[len(rowBatches)-1]
		for _, s := range rowBatches {
			if s <= k-from {
				n = s
				break
			}
		}
		rows := min(n, k-from)
		in, err := ops.New(1, features, 1, n)
		if err != nil {
			return nil, err
		}
		transpose(in.Data(), n, x.Data()[from*features:(from+rows)*features], rows, features)
		y, err := d.run(ctx, in, nodes...)
		if err != nil {
			return nil, err
		}
		for i, t := range y {
			width := t.Dim(1)
			if out[i] == nil {
				out[i] = make([]float32, k*width)
			}
			for r := range rows {
				for c := range width {
					out[i][(from+r)*width+c] = t.Data()[c*n+r]
				}
			}
		}
		from += rows
	}
	return out, nil
}

// transpose writes rows×columns as columns×stride, in tiles that stay in the
// cache.
func transpose(dst []float32, stride int, src []float32, rows, columns int) {
	const tile = 16
	for c0 := 0; c0 < columns; c0 += tile {
		for r0 := 0; r0 < rows; r0 += tile {
			for r := r0; r < min(r0+tile, rows); r++ {
				for c := c0; c < min(c0+tile, columns); c++ {
					dst[c*stride+r] = src[r*columns+c]
				}
			}
		}
	}
}
