package kerneltest

import (
	"fmt"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// Layer is a convolution of a square map.
type Layer struct {
	Name                     string
	In, Out, Extent          int
	Kernel, Stride, Dilation int
	Groups                   int
	Residual                 bool
}

// Layers are resnet50's shapes at 224x224, those of its dilated form at
// the end, and groups of resnext50_32x4d's.
var Layers = []Layer{
	{Name: "stem", In: 3, Out: 64, Extent: 224, Kernel: 7, Stride: 2},
	{Name: "layer1.0.conv1", In: 64, Out: 64, Extent: 56, Kernel: 1},
	{Name: "layer1.conv2", In: 64, Out: 64, Extent: 56, Kernel: 3},
	{Name: "layer1.conv3", In: 64, Out: 256, Extent: 56, Kernel: 1, Residual: true},
	{Name: "layer1.conv1", In: 256, Out: 64, Extent: 56, Kernel: 1},
	{Name: "layer2.0.conv1", In: 256, Out: 128, Extent: 56, Kernel: 1},
	{Name: "layer2.0.conv2", In: 128, Out: 128, Extent: 56, Kernel: 3, Stride: 2},
	{Name: "layer2.0.downsample", In: 256, Out: 512, Extent: 56, Kernel: 1, Stride: 2},
	{Name: "layer2.conv1", In: 512, Out: 128, Extent: 28, Kernel: 1},
	{Name: "layer2.conv2", In: 128, Out: 128, Extent: 28, Kernel: 3},
	{Name: "layer2.conv3", In: 128, Out: 512, Extent: 28, Kernel: 1, Residual: true},
	{Name: "layer3.0.conv1", In: 512, Out: 256, Extent: 28, Kernel: 1},
	{Name: "layer3.0.conv2", In: 256, Out: 256, Extent: 28, Kernel: 3, Stride: 2},
	{Name: "layer3.0.downsample", In: 512, Out: 1024, Extent: 28, Kernel: 1, Stride: 2},
	{Name: "layer3.conv1", In: 1024, Out: 256, Extent: 14, Kernel: 1},
	{Name: "layer3.conv2", In: 256, Out: 256, Extent: 14, Kernel: 3},
	{Name: "layer3.conv3", In: 256, Out: 1024, Extent: 14, Kernel: 1, Residual: true},
	{Name: "layer4.0.conv1", In: 1024, Out: 512, Extent: 14, Kernel: 1},
	{Name: "layer4.0.conv2", In: 512, Out: 512, Extent: 14, Kernel: 3, Stride: 2},
	{Name: "layer4.0.downsample", In: 1024, Out: 2048, Extent: 14, Kernel: 1, Stride: 2},
	{Name: "layer4.conv1", In: 2048, Out: 512, Extent: 7, Kernel: 1},
	{Name: "layer4.conv2", In: 512, Out: 512, Extent: 7, Kernel: 3},
	{Name: "layer4.conv3", In: 512, Out: 2048, Extent: 7, Kernel: 1, Residual: true},
	{Name: "os8.layer3.conv2", In: 256, Out: 256, Extent: 28, Kernel: 3, Dilation: 2},
	{Name: "os8.layer4.conv1", In: 2048, Out: 512, Extent: 28, Kernel: 1},
	{Name: "os8.layer4.conv3", In: 512, Out: 2048, Extent: 28, Kernel: 1, Residual: true},
	{Name: "os8.layer4.conv2", In: 512, Out: 512, Extent: 28, Kernel: 3, Dilation: 4},
	{Name: "resnext.layer1.conv1", In: 256, Out: 128, Extent: 56, Kernel: 1},
	{Name: "resnext.layer1.conv3", In: 128, Out: 256, Extent: 56, Kernel: 1, Residual: true},
	{Name: "resnext.layer2.0.conv1", In: 256, Out: 256, Extent: 56, Kernel: 1},
	{Name: "resnext.layer2.conv1", In: 512, Out: 256, Extent: 28, Kernel: 1},
	{Name: "resnext.layer2.conv3", In: 256, Out: 512, Extent: 28, Kernel: 1, Residual: true},
	{Name: "resnext.layer3.conv1", In: 1024, Out: 512, Extent: 14, Kernel: 1},
	{Name: "resnext.layer3.conv3", In: 512, Out: 1024, Extent: 14, Kernel: 1, Residual: true},
	{Name: "resnext.layer4.conv1", In: 2048, Out: 1024, Extent: 7, Kernel: 1},
	{Name: "resnext.layer4.conv3", In: 1024, Out: 2048, Extent: 7, Kernel: 1, Residual: true},
	{Name: "resnext.layer1.conv2", In: 128, Out: 128, Extent: 56, Kernel: 3, Groups: 32},
	{Name: "resnext.layer2.0.conv2", In: 256, Out: 256, Extent: 56, Kernel: 3, Stride: 2, Groups: 32},
	{Name: "resnext.layer2.conv2", In: 256, Out: 256, Extent: 28, Kernel: 3, Groups: 32},
}

// OtherLayers are what resnet18, resnext50_32x4d and wide_resnet50_2 have beside
// Layers, and resnet50's at an output stride of 16.
var OtherLayers = []Layer{
	{Name: "resnet18.layer2.0.conv1", In: 64, Out: 128, Extent: 56, Kernel: 3, Stride: 2},
	{Name: "resnet18.layer2.0.downsample", In: 64, Out: 128, Extent: 56, Kernel: 1, Stride: 2},
	{Name: "resnet18.layer2.conv2", In: 128, Out: 128, Extent: 28, Kernel: 3, Residual: true},
	{Name: "resnet18.layer3.0.conv1", In: 128, Out: 256, Extent: 28, Kernel: 3, Stride: 2},
	{Name: "resnet18.layer3.0.downsample", In: 128, Out: 256, Extent: 28, Kernel: 1, Stride: 2},
	{Name: "resnet18.layer4.0.conv1", In: 256, Out: 512, Extent: 14, Kernel: 3, Stride: 2},
	{Name: "resnet18.layer4.0.downsample", In: 256, Out: 512, Extent: 14, Kernel: 1, Stride: 2},
	{Name: "resnet18.layer4.conv2", In: 512, Out: 512, Extent: 7, Kernel: 3, Residual: true},
	{Name: "resnext.layer3.0.conv2", In: 512, Out: 512, Extent: 28, Kernel: 3, Stride: 2, Groups: 32},
	{Name: "resnext.layer3.conv2", In: 512, Out: 512, Extent: 14, Kernel: 3, Groups: 32},
	{Name: "resnext.layer4.0.conv2", In: 1024, Out: 1024, Extent: 14, Kernel: 3, Stride: 2, Groups: 32},
	{Name: "resnext.layer4.conv2", In: 1024, Out: 1024, Extent: 7, Kernel: 3, Groups: 32},
	{Name: "wide.layer1.conv1", In: 256, Out: 128, Extent: 56, Kernel: 1},
	{Name: "wide.layer1.conv2", In: 128, Out: 128, Extent: 56, Kernel: 3},
	{Name: "wide.layer1.conv3", In: 128, Out: 256, Extent: 56, Kernel: 1, Residual: true},
	{Name: "wide.layer2.0.conv2", In: 256, Out: 256, Extent: 56, Kernel: 3, Stride: 2},
	{Name: "wide.layer2.conv2", In: 256, Out: 256, Extent: 28, Kernel: 3},
	{Name: "wide.layer3.conv1", In: 1024, Out: 512, Extent: 14, Kernel: 1},
	{Name: "wide.layer3.conv2", In: 512, Out: 512, Extent: 14, Kernel: 3},
	{Name: "wide.layer3.conv3", In: 512, Out: 1024, Extent: 14, Kernel: 1, Residual: true},
	{Name: "wide.layer4.0.conv2", In: 1024, Out: 1024, Extent: 14, Kernel: 3, Stride: 2},
	{Name: "wide.layer4.conv1", In: 2048, Out: 1024, Extent: 7, Kernel: 1},
	{Name: "wide.layer4.conv2", In: 1024, Out: 1024, Extent: 7, Kernel: 3},
	{Name: "wide.layer4.conv3", In: 1024, Out: 2048, Extent: 7, Kernel: 1, Residual: true},
	{Name: "os16.layer4.conv2", In: 512, Out: 512, Extent: 14, Kernel: 3, Dilation: 2},
	{Name: "os16.layer4.conv3", In: 512, Out: 2048, Extent: 14, Kernel: 1, Residual: true},
	{Name: "deeplab.aspp.12", In: 2048, Out: 256, Extent: 65, Kernel: 3, Dilation: 12},
	{Name: "deeplab.aspp.24", In: 2048, Out: 256, Extent: 65, Kernel: 3, Dilation: 24},
	{Name: "deeplab.aspp.36", In: 2048, Out: 256, Extent: 65, Kernel: 3, Dilation: 36},
}

// String names it and its input.
func (l Layer) String() string {
	return fmt.Sprintf("%s/%dx%dx%d", l.Name, l.In, l.Extent, l.Extent)
}

// Spec is the layer with a scale, a shift and a kernel.ReLU.
func (l Layer) Spec(isa kernel.ISA) kernel.ConvSpec {
	stride, dilation, groups := max(1, l.Stride), max(1, l.Dilation), max(1, l.Groups)
	pad := dilation * (l.Kernel - 1) / 2
	out := (l.Extent+2*pad-dilation*(l.Kernel-1)-1)/stride + 1
	s := kernel.ConvSpec{
		ISA: isa,
		In:  kernel.Dims{N: 1, C: l.In, H: l.Extent, W: l.Extent}, Out: kernel.Dims{N: 1, C: l.Out, H: out, W: out}, Groups: groups,
		Geometry: kernel.Geometry{
			Kernel: [2]int{l.Kernel, l.Kernel}, Stride: [2]int{stride, stride},
			Padding: [2]int{pad, pad}, Dilation: [2]int{dilation, dilation},
		},
		Weight:   make([]float32, l.Out*l.In/groups*l.Kernel*l.Kernel),
		Epilogue: kernel.Epilogue{Scale: make([]float32, l.Out), Shift: make([]float32, l.Out), Act: kernel.ReLU, Residual: l.Residual},
	}
	kernel.Fill(s.Weight, 0.01)
	kernel.Fill(s.Scale, 1)
	return s
}
