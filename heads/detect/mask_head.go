package detect

import (
	"context"
	"fmt"

	"github.com/vertebra-vision/vertebra/internal/graph"
	"github.com/vertebra-vision/vertebra/ops"
)

// maskSide is the side of the regions that mask and keypoint heads see.
const maskSide = 14

// maskHead finds the mask of each object's class.
type maskHead struct {
	settings *settings
	logits   *graph.Node
}

// buildMaskHead adds torchvision's MaskRCNNHeads and MaskRCNNPredictor. The
// latter's transposed 2x2 convolution of stride 2 does not overlap: it is a
// 1x1 convolution to the four pixels' channels, and what follows it treats
// them alike.
func (b *builder) buildMaskHead(s *settings) *maskHead {
	n := noNorm
	if s.v2 {
		n = batchNorm
	}
	const convs, width = 4, 256
	x, in := b.regionInput("mask_head", s.channels), s.channels
	for i := range convs {
		x = b.block(fmt.Sprintf("roi_heads.mask_head.%d", i), x, in, width, n)
		in = width
	}
	const predictor = "roi_heads.mask_predictor."
	b.adapters[predictor+"conv5_mask.weight"] = interleavedWeight(width, width, 2, 1)
	b.adapters[predictor+"conv5_mask.bias"] = repeated([]int{width}, 4)
	weight, bias := repeated([]int{s.classes, width, 1, 1}, 4), repeated([]int{s.classes}, 4)
	if s.backgroundLast {
		weight = classRows(s.classes, 1, []int{width, 1, 1}, true).then(weight)
		bias = classRows(s.classes, 1, nil, true).then(bias)
	}
	b.adapters[predictor+"mask_fcn_logits.weight"] = weight
	b.adapters[predictor+"mask_fcn_logits.bias"] = bias
	x = b.relu(predictor+"relu", b.conv(predictor+"conv5_mask", x, width, 4*width, 1))
	logits := b.g.Call(predictor+"mask_fcn_logits", graph.Conv{
		Window: graph.Square(1, 1, 0), In: 4 * width, Out: 4 * s.classes, Groups: 4, Bias: true,
	}, x)
	return &maskHead{settings: s, logits: logits}
}

// add gives each object its mask.
func (h *maskHead) add(ctx context.Context, d *Detector, p *pooler, rois []ops.RoI, objects []*found) error {
	for len(rois) > 0 {
		n := min(chunk/4, len(rois))
		x, err := p.pool(ctx, rois[:n], maskSide)
		if err != nil {
			return err
		}
		out, err := d.runMaps(ctx, x, h.logits)
		if err != nil {
			return err
		}
		for k, o := range objects[:n] {
			if o.mask, err = h.mask(valuesOf(out[0], k), o.label, out[0].Dim(2), out[0].Dim(3)); err != nil {
				return err
			}
		}
		rois, objects = rois[n:], objects[n:]
	}
	return nil
}

// mask is the probabilities of one class, 2h×2w.
func (h *maskHead) mask(logits []float32, class, height, width int) (*ops.Tensor, error) {
	m, err := ops.New(2*height, 2*width)
	if err != nil {
		return nil, err
	}
	for corner := range 4 {
		plane := logits[(corner*h.settings.classes+class)*height*width:][:height*width]
		for i, v := range plane {
			y, x := 2*(i/width)+corner/2, 2*(i%width)+corner%2
			m.Data()[y*2*width+x] = sigmoid(v)
		}
	}
	return m, nil
}

// repeated adapts a parameter that is used n times over, one after another.
func repeated(torch []int, n int) adapter {
	own := append([]int{n * torch[0]}, torch[1:]...)
	return adapter{
		torch: torch, own: own,
		forth: func(src []float32) []float32 {
			dst := make([]float32, 0, n*len(src))
			for range n {
				dst = append(dst, src...)
			}
			return dst
		},
		backs: func(src []float32) []float32 { return src[:len(src)/n] },
	}
}

// interleavedWeight adapts the weight of a transposed convolution of stride 2
// whose kernel is 2r, padded r-1, to an ordinary one of kernel 2r-1 that gives
// the pixels (0,0), (0,1), (1,0) and (1,1) of each 2x2 block as channels, out
// of each. For kernel 4 an output pixel sees two of the input's rows, at 0 and
// at -1 or +1; the third row's weights are zero.
func interleavedWeight(in, out, kernel, own int) adapter {
	torch := []int{in, out, kernel, kernel}
	shape := []int{4 * out, in, own, own}
	each := func(f func(torch, own int)) {
		for corner := range 4 {
			for o := range out {
				for i := range in {
					for y := range own {
						for x := range own {
							ky, kx := tap(kernel, corner/2, y-own/2), tap(kernel, corner%2, x-own/2)
							if ky >= 0 && ky < kernel && kx >= 0 && kx < kernel {
								f(((i*out+o)*kernel+ky)*kernel+kx, (((corner*out+o)*in+i)*own+y)*own+x)
							}
						}
					}
				}
			}
		}
	}
	return adapter{
		torch: torch, own: shape,
		forth: func(src []float32) []float32 {
			dst := make([]float32, elements(shape))
			each(func(torch, own int) { dst[own] = src[torch] })
			return dst
		},
		backs: func(src []float32) []float32 {
			dst := make([]float32, elements(torch))
			each(func(torch, own int) { dst[torch] = src[own] })
			return dst
		},
	}
}

// tap is the row of a transposed kernel of stride 2 that leads from the input's
// row m+d to the output's row 2m+parity. It may lie outside the kernel.
func tap(kernel, parity, d int) int { return parity + kernel/2 - 1 - 2*d }
