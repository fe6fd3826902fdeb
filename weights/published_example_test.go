package weights_test

import (
	"context"
	"fmt"
	"os"

	"github.com/vertebra-vision/vertebra/weights"
)

func ExampleLookup() {
	c, err := weights.Lookup("resnet50")
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Name(), c.NumParams, c.Metrics["ImageNet-1K"]["acc@1"])
	fmt.Println(c.Preprocessing.Resize, c.Preprocessing.Crop)
	fmt.Println(c.Categories()[207])
	// Output:
	// resnet50/IMAGENET1K_V2 25557032 80.858
	// 232 224
	// golden retriever
}

func ExampleFetch() {
	path, err := weights.Fetch(context.Background(), "resnet50/IMAGENET1K_V2", weights.WithProgressBar(os.Stderr))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(path)
}
