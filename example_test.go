package vertebra_test

import (
	"context"
	"fmt"
	"log"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/heads/classify"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/weights"
)

// A checkpoint in, feature maps, an inner activation and classes out.
func Example() {
	ctx := context.Background()
	sd, err := weights.Open("examples/internal/cifar10/resnet20-12fca82f.th") // .pth, .safetensors, .npz …
	check(err)
	defer sd.Close()
	net, err := backbone.New(backbone.CIFARResNet20()) // ResNet50(), backbone.WithOutputStride(8) …
	check(err)
	check(net.Load(sd)) // strict: one error lists all that is missing, unexpected or misshapen

	img, err := transform.Load("testdata/images/chelsea.png")
	check(err)
	preprocess, labels := classify.CIFAR10()
	x, err := preprocess.Apply(img) // 1×3×H×W
	check(err)

	maps, err := net.Features(ctx, x, backbone.C3, backbone.C4)
	check(err)
	fmt.Println("C4:", maps[backbone.C4].Shape())
	hook, err := net.Hook("layer3.*.conv2", func(ctx context.Context, a *backbone.Activation) error {
		fmt.Println(a.Name, a.Tensor.Shape())
		return nil
	})
	check(err)
	logits, err := net.Forward(ctx, x)
	check(err)
	hook.Remove()
	top, err := classify.TopK(logits, 1, labels)
	check(err)
	fmt.Println("class:", top[0][0].Label)
	// Output:
	// C4: [1 64 8 8]
	// layer3.0.conv2 [1 64 8 8]
	// layer3.1.conv2 [1 64 8 8]
	// layer3.2.conv2 [1 64 8 8]
	// class: cat
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
