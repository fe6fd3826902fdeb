package backbone_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"
	"time"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// narrow is a ResNet-18 with a quarter of its channels, so that the examples
// are quick. It has random weights.
func narrow(opts ...backbone.Option) *backbone.Network {
	c := backbone.ResNet18()
	c.Width = 16
	return must(backbone.New(c, opts...))
}

// photograph stands for a preprocessed image: package transform makes them.
func photograph(height, width int) *ops.Tensor { return must(ops.New(1, 3, height, width)) }

// The maps of some levels. Nothing past the deepest is computed.
func ExampleNetwork_Features() {
	net := narrow()
	maps, err := net.Features(context.Background(), photograph(96, 128), backbone.C3, backbone.C4)
	if err != nil {
		log.Fatal(err)
	}
	for _, level := range []backbone.Level{backbone.C3, backbone.C4} {
		info, err := net.Info(level)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(level, "stride", info.Stride, "shape", maps[level].Shape())
	}
	// Output:
	// C3 stride 8 shape [1 32 12 16]
	// C4 stride 16 shape [1 64 6 8]
}

// An output stride of 8 keeps the resolution of C3 to the end: the later stages
// are dilated. The weights are the same as without.
func ExampleWithOutputStride() {
	net := narrow(backbone.WithOutputStride(8), backbone.WithoutClassifier())
	last, err := net.Forward(context.Background(), photograph(96, 128))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(last.Shape())
	// Output: [1 128 12 16]
}

// Any node by name, in torchvision's, the paper's or detectron2's spelling.
func ExampleNetwork_Run() {
	net := narrow()
	out, err := net.Run(context.Background(), photograph(64, 64), "layer1.0.conv2", "conv4_x", "res5.1.conv1", "avgpool")
	if err != nil {
		log.Fatal(err)
	}
	for _, name := range []string{"layer1.0.conv2", "conv4_x", "res5.1.conv1", "avgpool"} {
		fmt.Println(name, out[name].Shape())
	}
	_, err = net.Run(context.Background(), photograph(64, 64), "layer1.0.conv3")
	fmt.Println(errors.Is(err, backbone.ErrNode))
	// Output:
	// layer1.0.conv2 [1 16 16 16]
	// conv4_x [1 64 4 4]
	// res5.1.conv1 [1 128 2 2]
	// avgpool [1 128 1 1]
	// true
}

// A hook sees what the modules that a pattern matches compute, until it is
// removed.
func ExampleNetwork_Hook() {
	net := narrow()
	var kept *ops.Tensor
	hook, err := net.Hook("layer[12].*.relu", func(ctx context.Context, a *backbone.Activation) error {
		fmt.Println(a.Name, a.Node, a.Tensor.Shape())
		kept = a.Tensor.Clone() // the tensor itself is valid during the call
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := net.Forward(context.Background(), photograph(64, 64)); err != nil {
		log.Fatal(err)
	}
	hook.Remove()
	fmt.Println("kept", kept.Shape())
	// Output:
	// layer1.0.relu layer1.0.relu [1 16 16 16]
	// layer1.0.relu layer1.0.relu_1 [1 16 16 16]
	// layer1.1.relu layer1.1.relu [1 16 16 16]
	// layer1.1.relu layer1.1.relu_1 [1 16 16 16]
	// layer2.0.relu layer2.0.relu [1 32 8 8]
	// layer2.0.relu layer2.0.relu_1 [1 32 8 8]
	// layer2.1.relu layer2.1.relu [1 32 8 8]
	// layer2.1.relu layer2.1.relu_1 [1 32 8 8]
	// kept [1 32 8 8]
}

// A pre-hook sees a module's input: here what the shortcut and the first
// convolution of a stage read.
func ExampleNetwork_PreHook() {
	net := narrow()
	_, err := net.PreHook("layer3", func(ctx context.Context, a *backbone.Activation) error {
		fmt.Println("into", a.Name, a.Tensor.Shape())
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := net.Features(context.Background(), photograph(64, 64), backbone.C4); err != nil {
		log.Fatal(err)
	}
	// Output: into layer3 [1 32 8 8]
}

// A hook may replace what it sees. What follows computes from the replacement:
// here half of C3's channels are switched off.
func ExampleActivation_Replace() {
	net := narrow()
	_, err := net.Hook("C3", func(ctx context.Context, a *backbone.Activation) error {
		ablated := a.Tensor.Clone()
		for channel := range ablated.Dim(1) / 2 {
			pixels, err := ablated.Map(0, channel)
			if err != nil {
				return err
			}
			clear(pixels)
		}
		return a.Replace(ablated)
	})
	if err != nil {
		log.Fatal(err)
	}
	x := photograph(64, 64)
	for i := range x.Data() {
		x.Data()[i] = float32(i%7) - 3
	}
	maps, err := net.Features(context.Background(), x, backbone.C3)
	if err != nil {
		log.Fatal(err)
	}
	off := 0
	for channel := range maps[backbone.C3].Dim(1) {
		pixels, err := maps[backbone.C3].Map(0, channel)
		if err != nil {
			log.Fatal(err)
		}
		if slices.Max(pixels) == 0 {
			off++
		}
	}
	fmt.Println(off, "of", maps[backbone.C3].Dim(1), "channels are zero")
	// Output: 16 of 32 channels are zero
}

// A checkpoint of ten classes into a network of three: the backbone's weights
// are taken, the classifier's are not.
func ExampleReplaceClassifier() {
	sd, err := weights.Open("../examples/internal/cifar10/resnet20-12fca82f.th")
	if err != nil {
		log.Fatal(err)
	}
	defer sd.Close()
	net, err := backbone.New(backbone.CIFARResNet20(), backbone.WithNumClasses(3))
	if err != nil {
		log.Fatal(err)
	}
	err = net.Load(sd)
	var wrong *backbone.LoadError
	if errors.As(err, &wrong) {
		for _, key := range wrong.Misshapen {
			fmt.Println(key)
		}
	}
	fmt.Println(net.Load(sd, backbone.ReplaceClassifier()))
	// Output:
	// fc.weight: checkpoint 10x64, model 3x64
	// fc.bias: checkpoint 10, model 3
	// <nil>
}

// How a network is made: every node with its shape, parameters and
// multiply-adds.
func ExampleNetwork_Summary() {
	nodes, err := narrow().Summary(1, 3, 224, 224)
	if err != nil {
		log.Fatal(err)
	}
	for _, n := range nodes[:5] {
		fmt.Println(n.Name, n.Op, n.Shape, n.Params, n.MACs)
	}
	// Output:
	// conv1 conv [1 16 112 112] 2352 29503488
	// bn1 batchnorm [1 16 112 112] 32 0
	// relu relu [1 16 112 112] 0 0
	// maxpool maxpool [1 16 56 56] 0 0
	// layer1.0.conv1 conv [1 16 56 56] 2304 7225344
}

// A plan is what a run will do. Printed whole it is a table of its steps; the
// maps that are not asked for cost nothing.
func ExampleNetwork_Plan() {
	net := narrow()
	whole, err := net.Plan([]int{1, 3, 224, 224})
	if err != nil {
		log.Fatal(err)
	}
	upToC3, err := net.Plan([]int{1, 3, 224, 224}, "C3")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%.1f and %.1f million multiply-adds\n", float64(whole.MACs())/1e6, float64(upToC3.MACs())/1e6)
	// Output: 135.6 and 84.1 million multiply-adds
}

// Where the time goes: the plan's steps, each with its median.
func ExamplePlan_Profile() {
	plan, err := narrow().Plan([]int{1, 3, 64, 64})
	if err != nil {
		log.Fatal(err)
	}
	steps, err := plan.Profile(context.Background(), photograph(64, 64), 3)
	if err != nil {
		log.Fatal(err)
	}
	var total time.Duration
	var macs int64
	for _, s := range steps { // s.Node, s.Fused, s.Kernel …
		total += s.Time
		macs += s.MACs
	}
	fmt.Println(total > 0, macs == plan.MACs())
	// Output: true true
}

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

// How much memory a network takes, and a bound on it.
func ExamplePlan_Memory() {
	net, err := backbone.New(backbone.CIFARResNet20(), backbone.WithThreads(1), backbone.WithMemoryLimit(64<<20))
	if err != nil {
		log.Fatal(err)
	}
	plan, err := net.Plan([]int{1, 3, 32, 32})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("a run fits into 8 MiB:", plan.Memory().Total() < 8<<20)
	_, err = net.Plan([]int{1024, 3, 1024, 1024})
	fmt.Println("the limit was exceeded:", errors.Is(err, backbone.ErrMemory))
	fmt.Println("plans:", net.MemoryUse().Plans)
	// Output:
	// a run fits into 8 MiB: true
	// the limit was exceeded: true
	// plans: 1
}
