package fpn_test

import (
	"context"
	"fmt"
	"log"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/fpn"
	"github.com/vertebra-vision/vertebra/ops"
)

// A pyramid under a head of one's own: one 1x1 convolution on every level that
// scores each place. Backbone and neck run as one plan.
func ExamplePyramid_Features() {
	c := backbone.ResNet18()
	c.Width = 16 // a quarter of the channels, to be quick
	net, err := backbone.New(c)
	if err != nil {
		log.Fatal(err)
	}
	pyr, err := fpn.New(net, fpn.Config{Levels: []backbone.Level{backbone.C3, backbone.C4, backbone.C5}, Channels: 32, Extra: fpn.MaxPool})
	if err != nil {
		log.Fatal(err)
	}
	x, err := ops.New(1, 3, 128, 192) // a preprocessed image
	if err != nil {
		log.Fatal(err)
	}
	levels, err := pyr.Features(context.Background(), x)
	if err != nil {
		log.Fatal(err)
	}

	weight, err := ops.New(2, 32, 1, 1) // the head's, of two classes
	if err != nil {
		log.Fatal(err)
	}
	for _, level := range pyr.Levels() {
		scores, err := ops.Conv2D(levels[level], weight, nil, ops.Conv2DOptions{})
		if err != nil {
			log.Fatal(err)
		}
		info, err := pyr.Info(level)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(level, "stride", info.Stride, "scores", scores.Shape())
	}
	// Output:
	// P3 stride 8 scores [1 2 16 24]
	// P4 stride 16 scores [1 2 8 12]
	// P5 stride 32 scores [1 2 4 6]
	// P6 stride 64 scores [1 2 2 3]
}

// A pyramid on weights of a classifier: what the neck lacks keeps its random
// values, what the classifier has beyond is left out.
func ExampleNew() {
	c := backbone.ResNet18()
	c.Width = 16
	classifier, err := backbone.New(c, backbone.WithSeed(7))
	if err != nil {
		log.Fatal(err)
	}
	sd, err := classifier.StateDict() // weights.Open gives one of a file
	if err != nil {
		log.Fatal(err)
	}

	net, err := backbone.New(c)
	if err != nil {
		log.Fatal(err)
	}
	pyr, err := fpn.New(net, fpn.TorchvisionDetection())
	if err != nil {
		log.Fatal(err)
	}
	if err := pyr.Load(sd, backbone.AllowMissing("fpn.**"), backbone.IgnoreUnexpected("fc.*")); err != nil {
		log.Fatal(err)
	}
	fmt.Println(pyr.Levels())
	// Output: [P2 P3 P4 P5 P6]
}

// LoFTR's backbone gives a coarse and a fine map of a grey image.
func ExampleNewLoFTR() {
	net, err := fpn.NewLoFTR(fpn.LoFTRConfig{InitialDim: 16, BlockDims: []int{16, 24, 32}}) // or LoFTR8x2()
	if err != nil {
		log.Fatal(err)
	}
	x, err := ops.New(1, 1, 96, 128)
	if err != nil {
		log.Fatal(err)
	}
	coarse, fine, err := net.Features(context.Background(), x)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(coarse.Shape(), fine.Shape())
	// Output: [1 32 12 16] [1 16 48 64]
}
