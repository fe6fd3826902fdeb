package classify_test

import (
	"context"
	"fmt"
	"log"

	"github.com/vertebra-vision/vertebra/heads/classify"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

const checkpoint = "../../examples/internal/cifar10/resnet20-12fca82f.th"

// A file, the name of its network, a photograph: classes.
func ExampleClassifier_Classify() {
	ctx := context.Background()
	c, err := classify.Open(ctx, classify.Source{Model: "cifar_resnet20", Weights: checkpoint})
	if err != nil {
		log.Fatal(err)
	}
	img, err := transform.Load("../../testdata/images/chelsea.png")
	if err != nil {
		log.Fatal(err)
	}
	top, err := c.Classify(ctx, 2, img)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(len(top[0]), top[0][0].Label, top[0][0].Probability > 0.9)
	// Output: 2 cat true
}

// Vectors of images, here from a level in the middle.
func ExampleEmbedder() {
	ctx := context.Background()
	c, err := classify.Open(ctx, classify.Source{Model: "cifar_resnet20", Weights: checkpoint})
	if err != nil {
		log.Fatal(err)
	}
	cat, err := transform.Load("../../testdata/images/chelsea.png")
	if err != nil {
		log.Fatal(err)
	}
	dog, err := transform.Load("../../testdata/images/german_shepherd.jpg")
	if err != nil {
		log.Fatal(err)
	}
	x, err := c.Transform.ApplyBatch(cat, dog)
	if err != nil {
		log.Fatal(err)
	}
	e := classify.Embedder{Network: c.Network, Level: "C3", Normalise: true}
	vectors, err := e.Embed(ctx, x)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(vectors.Shape())
	// Output: [2 32]
}

// Where the evidence for a class lies.
func ExampleClassifier_CAM() {
	ctx := context.Background()
	c, err := classify.Open(ctx, classify.Source{Model: "cifar_resnet20", Weights: checkpoint})
	if err != nil {
		log.Fatal(err)
	}
	img, err := transform.Load("../../testdata/images/chelsea.png")
	if err != nil {
		log.Fatal(err)
	}
	x, err := c.Transform.Apply(img)
	if err != nil {
		log.Fatal(err)
	}
	const cat = 3 // c.Labels[3]
	cam, err := c.CAM(ctx, x, cat)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Labels[cat], cam.Shape())
	// Output: cat [1 1 8 8]
}

// The mean over ten views of a photograph.
func ExampleClassifier_TenCrop() {
	ctx := context.Background()
	c, err := classify.Open(ctx, classify.Source{Model: "cifar_resnet20", Weights: checkpoint})
	if err != nil {
		log.Fatal(err)
	}
	c.Transform.Resize, c.Transform.Crop = 36, 32
	img, err := transform.Load("../../testdata/images/chelsea.png")
	if err != nil {
		log.Fatal(err)
	}
	top, err := c.TenCrop(ctx, 1, img)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(top[0].Label)
	// Output: cat
}
