package ops

import (
	"context"
	"math"
)

// RoIPoolOptions are the arguments of torchvision.ops.roi_pool.
type RoIPoolOptions struct {
	// Size is the height and width of a pooled region.
	Size [2]int
	// Scale is the map's pixels per pixel of the boxes. 0 is 1.
	Scale float32
	// Threads is how many goroutines work; 0 is GOMAXPROCS.
	Threads int
}

// RoIPool pools regions of a map by the largest value in each bin, with bins of
// whole pixels (Girshick, "Fast R-CNN", 2015): torchvision.ops.roi_pool. x is
// N×C×H×W and the result K×C×Size for K regions. Bins outside the map are
// zero. Errors are those of RoIAlign.
func RoIPool(ctx context.Context, x *Tensor, rois []RoI, opt RoIPoolOptions) (*Tensor, error) {
	if opt.Scale == 0 {
		opt.Scale = 1
	}
	if err := checkRoIs("roi_pool", x, rois, opt.Size, opt.Scale); err != nil {
		return nil, err
	}
	out, err := New(len(rois), x.shape[1], opt.Size[0], opt.Size[1])
	if err != nil {
		return nil, err
	}
	n := len(out.data) / len(rois)
	err = eachRoI(ctx, len(rois), opt.Threads, func() func(int) {
		return func(i int) { poolRoI(out.data[i*n:(i+1)*n], x, rois[i], opt) }
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// poolRoI fills the C×h×w of one region.
func poolRoI(dst []float32, x *Tensor, roi RoI, opt RoIPoolOptions) {
	b := roi.Box
	ys := poolBins(b.Y1, b.Y2, opt.Scale, opt.Size[0], x.shape[2])
	xs := poolBins(b.X1, b.X2, opt.Scale, opt.Size[1], x.shape[3])
	channels, width := x.shape[1], x.shape[3]
	plane := x.shape[2] * width
	for c := range channels {
		from := (roi.Image*channels + c) * plane
		m := x.data[from : from+plane]
		for _, y := range ys {
			for _, x := range xs {
				dst[0] = largest(m, width, y, x)
				dst = dst[1:]
			}
		}
	}
}

// poolBins divides a box's extent, in whole pixels, into bins: first pixel and
// the one after the last.
func poolBins(from, to, scale float32, bins, extent int) [][2]int {
	start, end := roundAway(from*scale), roundAway(to*scale)
	size := float32(max(end-start+1, 1)) / float32(bins)
	list := make([][2]int, bins)
	for p := range list {
		low := int(math.Floor(float64(float32(p) * size)))
		high := int(math.Ceil(float64(float32(p+1) * size)))
		list[p] = [2]int{min(max(low+start, 0), extent), min(max(high+start, 0), extent)}
	}
	return list
}

// roundAway rounds halves away from zero, as C's round does.
func roundAway(v float32) int { return int(math.Round(float64(v))) }

// largest is the largest value of a window, zero of an empty one. NaN is
// never the largest; a window of nothing else gives -MaxFloat32.
func largest(m []float32, width int, y, x [2]int) float32 {
	if y[0] >= y[1] || x[0] >= x[1] {
		return 0
	}
	best := float32(-math.MaxFloat32)
	for r := y[0]; r < y[1]; r++ {
		for _, v := range m[r*width+x[0] : r*width+x[1]] {
			if v > best {
				best = v
			}
		}
	}
	return best
}
