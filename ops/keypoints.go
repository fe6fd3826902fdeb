package ops

import (
	"math"

	"github.com/pkg/errors"
)

// Keypoint is a point in pixels with the network's score for it, a logit.
type Keypoint struct{ X, Y, Score float32 }

// HeatmapsToKeypoints finds the keypoints of each box: torchvision's
// heatmaps_to_keypoints. maps is N×K×H×W, a heatmap for each of K keypoints of
// N boxes. Each is enlarged to the box's size, bicubically; its largest value
// is the keypoint's score and place. The first of equal ones counts, and NaN
// counts as the largest. Errors, for boxes that are not finite or larger than
// 65536 pixels, wrap ErrShape.
func HeatmapsToKeypoints(maps *Tensor, boxes []Box) ([][]Keypoint, error) {
	if err := want("keypoints: the heatmaps", maps, 4); err != nil {
		return nil, err
	}
	if len(boxes) != maps.shape[0] {
		return nil, errors.Wrapf(ErrShape, "keypoints: heatmaps of %d boxes, there are %d", maps.shape[0], len(boxes))
	}
	points := make([][]Keypoint, len(boxes))
	for i, b := range boxes {
		if !b.IsFinite() || b.Width() > maxPicture || b.Height() > maxPicture {
			return nil, errors.Wrapf(ErrShape, "keypoints: box %d is %+v, want one that is finite and at most %d pixels wide and high", i, b, maxPicture)
		}
		points[i] = boxKeypoints(maps, i, b)
	}
	return points, nil
}

func boxKeypoints(maps *Tensor, i int, b Box) []Keypoint {
	channels, h, w := maps.shape[1], maps.shape[2], maps.shape[3]
	width, height := max(b.Width(), 1), max(b.Height(), 1)
	columns, rows := int(math.Ceil(float64(width))), int(math.Ceil(float64(height)))
	xs, ys := cubicAxis(w, columns), cubicAxis(h, rows)
	wide := make([]float32, h*columns)
	points := make([]Keypoint, channels)
	for k := range points {
		m := maps.data[(i*channels+k)*h*w : (i*channels+k+1)*h*w]
		for r := range h {
			cubicRow(wide[r*columns:(r+1)*columns], m[r*w:(r+1)*w], xs)
		}
		x, y, score := cubicPeak(columns, wide, ys)
		points[k] = Keypoint{
			X:     (float32(x)+0.5)*(width/float32(columns)) + b.X1,
			Y:     (float32(y)+0.5)*(height/float32(rows)) + b.Y1,
			Score: score,
		}
	}
	return points
}

// cubicSample is four neighbours and their weights.
type cubicSample struct {
	index  [4]int
	weight [4]float32
}

// cubicAxis is torch's bicubic interpolation with align_corners=False along
// one axis: Keys' kernel with a = -0.75, the border repeated.
func cubicAxis(in, out int) []cubicSample {
	list := make([]cubicSample, out)
	scale := float32(in) / float32(out)
	for i := range list {
		source := scale*(float32(i)+0.5) - 0.5
		low := min(int(math.Floor(float64(source))), in-1)
		t := min(max(source-float32(low), 0), 1)
		s := &list[i]
		for k := range s.index {
			s.index[k] = min(max(low+k-1, 0), in-1)
		}
		s.weight = [4]float32{cubicFar(t + 1), cubicNear(t), cubicNear(1 - t), cubicFar(2 - t)}
	}
	return list
}

const cubicA = -0.75

// cubicNear and cubicFar are the kernel at distances up to 1 and up to 2.
func cubicNear(x float32) float32 { return ((cubicA+2)*x-(cubicA+3))*x*x + 1 }
func cubicFar(x float32) float32 {
	return ((cubicA*x-5*cubicA)*x+8*cubicA)*x - 4*cubicA
}

func cubicRow(dst, src []float32, xs []cubicSample) {
	for i := range dst {
		s := &xs[i]
		dst[i] = src[s.index[0]]*s.weight[0] + src[s.index[1]]*s.weight[1] + src[s.index[2]]*s.weight[2] + src[s.index[3]]*s.weight[3]
	}
}

// cubicPeak interpolates rows that have their final width, n, and finds the first
// largest value.
func cubicPeak(n int, wide []float32, ys []cubicSample) (x, y int, score float32) {
	score = float32(math.Inf(-1))
	for r := range ys {
		s := &ys[r]
		r0, r1 := wide[s.index[0]*n:][:n], wide[s.index[1]*n:][:n]
		r2, r3 := wide[s.index[2]*n:][:n], wide[s.index[3]*n:][:n]
		for i := range n {
			v := r0[i]*s.weight[0] + r1[i]*s.weight[1] + r2[i]*s.weight[2] + r3[i]*s.weight[3]
			if v > score {
				x, y, score = i, r, v
			} else if isNaN(v) {
				return i, r, v
			}
		}
	}
	return x, y, score
}
