package detect

import (
	"context"
	"fmt"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/ops"
)

// keypointHead finds the keypoints of each object.
type keypointHead struct {
	settings *settings
	heatmaps *graph.Node
}

// buildKeypointHead adds torchvision's KeypointRCNNHeads and
// KeypointRCNNPredictor, whose transposed 4x4 convolution of stride 2 is a 3x3
// one to the channels of four pixels.
func (b *builder) buildKeypointHead(s *settings) *keypointHead {
	const convs, width = 8, 512
	x, in := b.regionInput("keypoint_head", s.channels), s.channels
	for i := range convs {
		name := fmt.Sprintf("roi_heads.keypoint_head.%d", 2*i)
		x = b.relu(fmt.Sprintf("roi_heads.keypoint_head.%d", 2*i+1), b.conv(name, x, in, width, 3))
		in = width
	}
	const lowres = "roi_heads.keypoint_predictor.kps_score_lowres"
	b.adapters[lowres+".weight"] = interleavedWeight(width, s.keypoints, 4, 3)
	b.adapters[lowres+".bias"] = repeated([]int{s.keypoints}, 4)
	return &keypointHead{settings: s, heatmaps: b.conv(lowres, x, width, 4*s.keypoints, 3)}
}

// add gives each object its keypoints.
func (h *keypointHead) add(ctx context.Context, d *Detector, p *pooler, rois []ops.RoI, objects []*found) error {
	for len(rois) > 0 {
		n := min(chunk/4, len(rois))
		x, err := p.pool(ctx, rois[:n], maskSide)
		if err != nil {
			return err
		}
		out, err := d.runMaps(ctx, x, h.heatmaps)
		if err != nil {
			return err
		}
		if err := h.decode(out[0], rois[:n], objects[:n]); err != nil {
			return err
		}
		rois, objects = rois[n:], objects[n:]
	}
	return nil
}

// decode interleaves the four pixels of each place, doubles the heatmaps'
// size and looks for their peaks.
func (h *keypointHead) decode(x *ops.Tensor, rois []ops.RoI, objects []*found) error {
	height, width := x.Dim(2), x.Dim(3)
	count := h.settings.keypoints
	maps, err := ops.New(len(rois), count, 2*height, 2*width)
	if err != nil {
		return err
	}
	for k := range rois {
		src, dst := valuesOf(x, k), valuesOf(maps, k)
		for i, v := range src {
			channel, at := i/(height*width), i%(height*width)
			corner, point := channel/count, channel%count
			row, column := 2*(at/width)+corner/2, 2*(at%width)+corner%2
			dst[(point*2*height+row)*2*width+column] = v
		}
	}
	large, err := ops.Interpolate(maps, ops.InterpolateOptions{Mode: ops.Bilinear, Scale: [2]float64{2, 2}})
	if err != nil {
		return err
	}
	list := make([]ops.Box, len(rois))
	for k, r := range rois {
		list[k] = r.Box
	}
	points, err := ops.HeatmapsToKeypoints(large, list)
	if err != nil {
		return err
	}
	for k, o := range objects {
		o.keypoints = points[k]
	}
	return nil
}
