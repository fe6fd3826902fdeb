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
