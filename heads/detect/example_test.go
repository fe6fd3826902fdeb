package detect_test

import (
	"context"
	"fmt"
	"image"
	"log"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/fpn"
	"github.com/vertebra-vision/vertebra/heads/detect"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

// A published detector, downloaded once, on a photograph.
func ExampleOpen() {
	ctx := context.Background()
	det, err := detect.Open(ctx, detect.Source{Weights: "fasterrcnn_resnet50_fpn/COCO_V1"})
	if err != nil {
		log.Fatal(err)
	}
	img, err := transform.Load("photo.jpg")
	if err != nil {
		log.Fatal(err)
	}
	found, err := det.Detect(ctx, []image.Image{img})
	if err != nil {
		log.Fatal(err)
	}
	for _, d := range found[0] {
		fmt.Printf("%s %.0f%% at %v\n", d.Name, 100*d.Score, d.Box)
	}
}

// A narrow network with random weights, so that the example is quick: what
// Detect gives, in the pixels of each image. detect.Open and det.Load bring
// trained weights.
func ExampleDetector_Detect() {
	c := backbone.ResNet18()
	c.Width, c.ZeroInitResidual = 16, true
	net, err := backbone.New(c)
	if err != nil {
		log.Fatal(err)
	}
	pyr, err := fpn.New(net, fpn.Config{Channels: 32, Extra: fpn.MaxPool})
	if err != nil {
		log.Fatal(err)
	}
	det, err := detect.NewFasterRCNN(pyr,
		detect.WithLabels([]string{"background", "nut", "bolt"}),
		detect.WithMinMaxSize(128, 192), detect.WithBoxFeatures(64),
		detect.WithScoreThreshold(0), detect.WithMaxDetections(3))
	if err != nil {
		log.Fatal(err)
	}
	small, wide := image.NewRGBA(image.Rect(0, 0, 120, 100)), image.NewRGBA(image.Rect(0, 0, 300, 200))
	found, err := det.Detect(context.Background(), []image.Image{small, wide})
	if err != nil {
		log.Fatal(err)
	}
	best := found[1][0] // of the second image
	fmt.Println(len(found), best.Name != "", best.Box.Clip(300, 200) == best.Box)
	// Output: 2 true true
}

// A detector's inner activations: hooks work as on a backbone.
func ExampleDetector_Hook() {
	c := backbone.ResNet18()
	c.Width = 16
	net, err := backbone.New(c)
	if err != nil {
		log.Fatal(err)
	}
	pyr, err := fpn.New(net, fpn.Config{Channels: 32, Extra: fpn.MaxPool})
	if err != nil {
		log.Fatal(err)
	}
	det, err := detect.NewFasterRCNN(pyr, detect.WithNumClasses(3), detect.WithMinMaxSize(64, 64), detect.WithBoxFeatures(64))
	if err != nil {
		log.Fatal(err)
	}
	_, err = det.Hook("fpn.layer_blocks.*", func(ctx context.Context, a *backbone.Activation) error {
		fmt.Println(a.Name, a.Tensor.Shape())
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := det.Detect(context.Background(), []image.Image{image.NewRGBA(image.Rect(0, 0, 64, 64))}); err != nil {
		log.Fatal(err)
	}
	// Unordered output:
	// fpn.layer_blocks.0 [1 32 16 16]
	// fpn.layer_blocks.1 [1 32 8 8]
	// fpn.layer_blocks.2 [1 32 4 4]
	// fpn.layer_blocks.3 [1 32 2 2]
}

// A detector of one's own: any network of the family, a pyramid, a head.
func ExampleNewRetinaNet() {
	net, err := backbone.New(backbone.ResNeXt50_32x4d())
	if err != nil {
		log.Fatal(err)
	}
	pyr, err := fpn.New(net, fpn.TorchvisionRetinaNet())
	if err != nil {
		log.Fatal(err)
	}
	det, err := detect.NewRetinaNet(pyr, detect.WithLabels([]string{"background", "nut", "bolt"}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(det.Kind(), det.Labels())
	// Output: retinanet [background nut bolt]
}
