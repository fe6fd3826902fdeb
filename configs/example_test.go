package configs_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"strings"

	"github.com/vertebra-vision/vertebra/configs"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/video"
)

// A file becomes a network that is ready to run. A file on the disk is read by
// Load.
func ExampleConfig_Build() {
	c, err := configs.Parse("net.yaml", []byte(`
version: 1
model:
  backbone: {preset: resnet18, width: 16, output_stride: 16, no_classifier: true}
  neck: {channels: 32, levels: [C3, C4, C5]}
  threads: 1
input:
  preprocessing: {resize: 96}
outputs: [P3, P5, layer2.0.conv1]
`))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	b, err := c.Build(ctx)
	if err != nil {
		log.Fatal(err)
	}
	x, err := ops.New(1, 3, 96, 96) // or b.Transform.Apply(img)
	if err != nil {
		log.Fatal(err)
	}
	out, err := b.Network.Run(ctx, x, b.Outputs...)
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range b.Outputs {
		fmt.Println(name, out[name].Shape())
	}
	// Output:
	// P3 [1 32 12 12]
	// P5 [1 32 6 6]
	// layer2.0.conv1 [1 32 12 12]
}

// Everything that is wrong with a file is said at once, with its place.
func ExampleParse() {
	_, err := configs.Parse("net.yaml", []byte(`version: 1
model:
  backbone: {preset: resnet81, output_stride: 7}
output: [C3]
`))
	fmt.Println(errors.Is(err, configs.ErrConfig))
	var wrong *configs.ProblemsError
	if errors.As(err, &wrong) {
		fmt.Println(strings.Join(wrong.Details(), "\n"))
	}
	// Output:
	// true
	// net.yaml:3:22: model.backbone.preset: no preset "resnet81"; did you mean resnet101, resnet18 or resnet34?
	// net.yaml:4:1: output: unknown key; did you mean outputs, input or include?
}

// A shipped file, changed as a command line would.
func ExampleLoad() {
	c, err := configs.Load("cifar_resnet20", configs.Set("outputs=[C2, C4]", "model.threads=1"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Model.Backbone.Preset, c.Outputs)
	// Output: cifar_resnet20 [C2 C4]
}

// A file with a pipeline: pictures through a network, line by line of JSON.
// Here the results come to the caller as well.
func ExampleConfig_BuildVideo() {
	c, err := configs.Parse("pipeline.yaml", []byte(`
version: 1
include: cifar_resnet20
model:
  weights: ../examples/internal/cifar10/resnet20-12fca82f.th
pipeline:
  sources:
    - {name: pictures, images: "../testdata/images/rocket.*"}
  top: 1
  batch: {size: 2}
`))
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	v, err := c.BuildVideo(ctx)
	if err != nil {
		log.Fatal(err)
	}
	v.Outputs = append(v.Outputs, video.Func(func(ctx context.Context, r *video.Result) error {
		fmt.Println(r.Source, r.Index, r.Classes[0].Label)
		return nil
	}))
	p, err := v.New()
	if err != nil {
		log.Fatal(err)
	}
	if err := p.Run(ctx); err != nil {
		log.Fatal(err)
	}
	// Output: pictures 0 ship
}
