package ops_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops"
)

// fillBoxes makes boxes in a square picture, sides of 8 to 8+side pixels;
// ops_bench.py in testdata/gen makes the same.
func fillBoxes(name string, n int, picture, side float32) []ops.Box {
	u := make([]float32, 4*n)
	reftest.Fill(name, u, 0, 1)
	boxes := make([]ops.Box, n)
	for i := range boxes {
		w, h := 8+side*u[4*i+2], 8+side*u[4*i+3]
		x, y := u[4*i]*(picture-w), u[4*i+1]*(picture-h)
		boxes[i] = ops.Box{X1: x, Y1: y, X2: x + w, Y2: y + h}
	}
	return boxes
}

func BenchmarkNMS(b *testing.B) {
	for _, side := range []float32{50, 200} {
		boxes, scores := fillBoxes("boxes", 10000, 1000, side), make([]float32, 10000)
		reftest.Fill("scores", scores, 0, 1)
		b.Run(fmt.Sprintf("side%v", side), func(b *testing.B) {
			for range b.N {
				if _, err := ops.NMS(boxes, scores, 0.5); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkRoIAlign pools what a box head would: 1000 regions of 256 channels
// at stride 4, small, middling and large.
func BenchmarkRoIAlign(b *testing.B) {
	x, err := ops.New(1, 256, 200, 200)
	if err != nil {
		b.Fatal(err)
	}
	reftest.Fill("map", x.Data(), -1, 1)
	for _, side := range []float32{50, 120, 400} {
		var rois []ops.RoI
		for _, box := range fillBoxes("rois", 1000, 800, side) {
			rois = append(rois, ops.RoI{Box: box})
		}
		for _, threads := range []int{1, 2} {
			opt := ops.RoIAlignOptions{Size: [2]int{7, 7}, Scale: 0.25, SamplingRatio: 2, Threads: threads}
			b.Run(fmt.Sprintf("side%v/threads%d", side, threads), func(b *testing.B) {
				for range b.N {
					if _, err := ops.RoIAlign(context.Background(), x, rois, opt); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
