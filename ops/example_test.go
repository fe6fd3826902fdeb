package ops_test

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"log"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/ops"
)

// Regions of a level: boxes in pixels of the image become maps of one size,
// for a head of one's own.
func ExampleRoIAlign() {
	c := backbone.ResNet18()
	c.Width = 16 // a quarter of the channels, to be quick
	net, err := backbone.New(c)
	if err != nil {
		log.Fatal(err)
	}
	x, err := ops.New(2, 3, 128, 160) // a batch of two preprocessed images
	if err != nil {
		log.Fatal(err)
	}
	maps, err := net.Features(context.Background(), x, backbone.C4)
	if err != nil {
		log.Fatal(err)
	}
	info, err := net.Info(backbone.C4)
	if err != nil {
		log.Fatal(err)
	}
	rois := []ops.RoI{
		{Image: 0, Box: ops.Box{X1: 10, Y1: 20, X2: 90, Y2: 100}},
		{Image: 1, Box: ops.Box{X1: 0, Y1: 0, X2: 160, Y2: 128}},
		{Image: 1, Box: ops.Box{X1: 32, Y1: 16, X2: 64, Y2: 80}},
	}
	regions, err := ops.RoIAlign(context.Background(), maps[backbone.C4], rois, ops.RoIAlignOptions{
		Size: [2]int{7, 7}, Scale: 1 / float32(info.Stride), SamplingRatio: 2, Aligned: true,
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(regions.Shape())
	// Output: [3 64 7 7]
}

// Of boxes that overlap the best is kept.
func ExampleNMS() {
	boxes := []ops.Box{{X1: 0, Y1: 0, X2: 10, Y2: 10}, {X1: 1, Y1: 1, X2: 11, Y2: 11}, {X1: 20, Y1: 20, X2: 30, Y2: 30}}
	keep, err := ops.NMS(boxes, []float32{0.6, 0.9, 0.7}, 0.5)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(keep)
	// Output: [1 2]
}

// Boxes of different classes do not suppress each other.
func ExampleBatchedNMS() {
	boxes := []ops.Box{{X1: 0, Y1: 0, X2: 10, Y2: 10}, {X1: 1, Y1: 1, X2: 11, Y2: 11}, {X1: 1, Y1: 0, X2: 11, Y2: 10}}
	keep, err := ops.BatchedNMS(boxes, []float32{0.6, 0.9, 0.7}, []int{1, 2, 1}, 0.5)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(keep)
	// Output: [1 2]
}

func ExampleInterpolate() {
	x, err := ops.FromSlice([]float32{0, 4, 8, 12}, 1, 1, 2, 2)
	if err != nil {
		log.Fatal(err)
	}
	y, err := ops.Interpolate(x, ops.InterpolateOptions{Mode: ops.Bilinear, Size: [2]int{2, 4}})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(y.Shape(), y.Data())
	// Output: [1 1 2 4] [0 1 3 4 8 9 11 12]
}

// A Sobel filter as a convolution.
func ExampleConv2D() {
	x, err := ops.FromSlice([]float32{
		0, 0, 1, 1,
		0, 0, 1, 1,
		0, 0, 1, 1,
	}, 1, 1, 3, 4)
	if err != nil {
		log.Fatal(err)
	}
	sobel, err := ops.FromSlice([]float32{-1, 0, 1, -2, 0, 2, -1, 0, 1}, 1, 1, 3, 3)
	if err != nil {
		log.Fatal(err)
	}
	y, err := ops.Conv2D(x, sobel, nil, ops.Conv2DOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(y.Shape(), y.Data())
	// Output: [1 1 1 2] [4 4]
}

// A tensor is a view of its data.
func ExampleFromSlice() {
	data := []float32{1, 2, 3, 4, 5, 6, 7, 8}
	x, err := ops.FromSlice(data, 2, 1, 2, 2)
	if err != nil {
		log.Fatal(err)
	}
	second, err := x.Rows(1, 2)
	if err != nil {
		log.Fatal(err)
	}
	data[4] = 50
	fmt.Println(second.Shape(), second.Data())
	_, err = ops.FromSlice(data, 3, 3)
	fmt.Println(errors.Is(err, ops.ErrShape))
	// Output:
	// [1 1 2 2] [50 6 7 8]
	// true
}

// An image as a tensor of 0 to 1, and back.
func ExampleFromImage() {
	img := image.NewRGBA(image.Rect(0, 0, 4, 2))
	img.Set(3, 1, color.RGBA{R: 255, G: 51, A: 255})
	x, err := ops.FromImage(img)
	if err != nil {
		log.Fatal(err)
	}
	green, err := x.Map(0, 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.Shape(), green[1*4+3])
	back, err := x.ToImage(0)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(back.At(3, 1))
	// Output:
	// [1 3 2 4] 0.2
	// {255 51 0 255}
}
