package segment_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/heads/segment"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

// narrow is a ResNet-18 with a quarter of its channels, so that the examples
// are quick. It has random weights; Segmenter.Load takes a checkpoint's.
func narrow() *backbone.Network {
	c := backbone.ResNet18()
	c.Width = 16
	net, err := backbone.New(c, backbone.WithOutputStride(8))
	if err != nil {
		log.Fatal(err)
	}
	return net
}

// Classes of one's own on any backbone: the map has the photograph's size.
func ExampleSegmenter_Segment() {
	seg, err := segment.New(narrow(), segment.Config{Head: segment.DeepLabV3, NumClasses: 3, Rates: []int{2, 4}})
	if err != nil {
		log.Fatal(err)
	}
	seg.Labels = []string{"background", "road", "sky"}
	seg.Transform.Resize = 64
	img, err := transform.Load("../../testdata/images/chelsea.png")
	if err != nil {
		log.Fatal(err)
	}
	classes, err := seg.Segment(context.Background(), img)
	if err != nil {
		log.Fatal(err)
	}
	pixels := 0
	for class, n := range classes.Counts() {
		fmt.Println(class, classes.Label(class))
		pixels += n
	}
	fmt.Println(classes.Bounds(), pixels == 451*300)
	overlay := classes.Overlay(img, 0.6) // to look at
	fmt.Println(overlay.Bounds())
	// Output:
	// 0 background
	// 1 road
	// 2 sky
	// (0,0)-(451,300) true
	// (0,0)-(451,300)
}

// The logits, for what follows oneself: they have the input's size.
func ExampleSegmenter_Logits() {
	seg, err := segment.New(narrow(), segment.Config{Head: segment.FCN, NumClasses: 5})
	if err != nil {
		log.Fatal(err)
	}
	img, err := transform.Load("../../testdata/images/chelsea.png")
	if err != nil {
		log.Fatal(err)
	}
	seg.Transform.Resize = 64
	x, err := seg.Transform.Apply(img)
	if err != nil {
		log.Fatal(err)
	}
	logits, err := seg.Logits(context.Background(), x)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(x.Shape(), logits.Shape())
	// Output: [1 3 64 96] [1 5 64 96]
}

// A checkpoint of other classes is an error that says what to change.
func ExampleSegmenter_Load() {
	published, err := segment.New(narrow(), segment.Config{Head: segment.FCN})
	if err != nil {
		log.Fatal(err)
	}
	sd, err := published.StateDict() // weights.Open gives one of a file
	if err != nil {
		log.Fatal(err)
	}
	mine, err := segment.New(narrow(), segment.Config{Head: segment.FCN, NumClasses: 3})
	if err != nil {
		log.Fatal(err)
	}
	var wrong *backbone.LoadError
	if errors.As(mine.Load(sd), &wrong) {
		fmt.Println(wrong.Hint)
	}
	// Output: the checkpoint has 21 classes and the head 3, the background included: change its Config.NumClasses
}
