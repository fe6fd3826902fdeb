package kernel

import (
	"fmt"
	"sync"
	"testing"
)

// The kernels on one thread. Their rates are of direct convolution's
// operations, so that Winograd's savings show as more than the peak.

// peakOnce is the machine's peak on one thread.
var peakOnce = sync.OnceValue(func() float64 { return Peak(1) })

// benchmark runs all tasks of a kernel on buffers of the given sizes. macs may
// be 0: then the rate is of the bytes that it reads and writes.
func benchmark(b *testing.B, k Kernel, macs int, out int, in ...int) {
	b.Helper()
	floats := out
	a := &Args{Out: Aligned(out)}
	for _, n := range in {
		x := Aligned(n)
		Fill(x, 0.5)
		a.In = append(a.In, x)
		floats += n
	}
	scratch := Aligned(max(1, k.Scratch()))
	peak := peakOnce()
	if macs == 0 {
		b.SetBytes(4 * int64(floats))
	}
	for b.Loop() {
		for task := range k.Tasks() {
			k.Do(a, task, scratch)
		}
	}
	if macs > 0 {
		rate := 2 * float64(macs) * float64(b.N) / b.Elapsed().Seconds() / 1e9
		b.ReportMetric(rate, "GFLOP/s")
		b.ReportMetric(100*rate/peak, "%peak")
	}
}

// convLayer is a convolution of a square map.
type convLayer struct {
	name                     string
	in, out, extent          int
	kernel, stride, dilation int
	groups                   int
	residual                 bool
}

// convLayers are resnet50's shapes at 224x224, those of its dilated form at
// the end, and groups of resnext50_32x4d's.
var convLayers = []convLayer{
	{name: "stem", in: 3, out: 64, extent: 224, kernel: 7, stride: 2},
	{name: "layer1.0.conv1", in: 64, out: 64, extent: 56, kernel: 1},
	{name: "layer1.conv2", in: 64, out: 64, extent: 56, kernel: 3},
	{name: "layer1.conv3", in: 64, out: 256, extent: 56, kernel: 1, residual: true},
	{name: "layer1.conv1", in: 256, out: 64, extent: 56, kernel: 1},
	{name: "layer2.0.conv1", in: 256, out: 128, extent: 56, kernel: 1},
	{name: "layer2.0.conv2", in: 128, out: 128, extent: 56, kernel: 3, stride: 2},
	{name: "layer2.0.downsample", in: 256, out: 512, extent: 56, kernel: 1, stride: 2},
	{name: "layer2.conv1", in: 512, out: 128, extent: 28, kernel: 1},
	{name: "layer2.conv2", in: 128, out: 128, extent: 28, kernel: 3},
	{name: "layer2.conv3", in: 128, out: 512, extent: 28, kernel: 1, residual: true},
	{name: "layer3.0.conv1", in: 512, out: 256, extent: 28, kernel: 1},
	{name: "layer3.0.conv2", in: 256, out: 256, extent: 28, kernel: 3, stride: 2},
	{name: "layer3.0.downsample", in: 512, out: 1024, extent: 28, kernel: 1, stride: 2},
	{name: "layer3.conv1", in: 1024, out: 256, extent: 14, kernel: 1},
	{name: "layer3.conv2", in: 256, out: 256, extent: 14, kernel: 3},
	{name: "layer3.conv3", in: 256, out: 1024, extent: 14, kernel: 1, residual: true},
	{name: "layer4.0.conv1", in: 1024, out: 512, extent: 14, kernel: 1},
	{name: "layer4.0.conv2", in: 512, out: 512, extent: 14, kernel: 3, stride: 2},
	{name: "layer4.0.downsample", in: 1024, out: 2048, extent: 14, kernel: 1, stride: 2},
	{name: "layer4.conv1", in: 2048, out: 512, extent: 7, kernel: 1},
	{name: "layer4.conv2", in: 512, out: 512, extent: 7, kernel: 3},
	{name: "layer4.conv3", in: 512, out: 2048, extent: 7, kernel: 1, residual: true},
	{name: "os8.layer3.conv2", in: 256, out: 256, extent: 28, kernel: 3, dilation: 2},
	{name: "os8.layer4.conv1", in: 2048, out: 512, extent: 28, kernel: 1},
	{name: "os8.layer4.conv3", in: 512, out: 2048, extent: 28, kernel: 1, residual: true},
	{name: "os8.layer4.conv2", in: 512, out: 512, extent: 28, kernel: 3, dilation: 4},
	{name: "resnext.layer1.conv1", in: 256, out: 128, extent: 56, kernel: 1},
	{name: "resnext.layer1.conv3", in: 128, out: 256, extent: 56, kernel: 1, residual: true},
	{name: "resnext.layer2.0.conv1", in: 256, out: 256, extent: 56, kernel: 1},
	{name: "resnext.layer2.conv1", in: 512, out: 256, extent: 28, kernel: 1},
	{name: "resnext.layer2.conv3", in: 256, out: 512, extent: 28, kernel: 1, residual: true},
	{name: "resnext.layer3.conv1", in: 1024, out: 512, extent: 14, kernel: 1},
	{name: "resnext.layer3.conv3", in: 512, out: 1024, extent: 14, kernel: 1, residual: true},
	{name: "resnext.layer4.conv1", in: 2048, out: 1024, extent: 7, kernel: 1},
	{name: "resnext.layer4.conv3", in: 1024, out: 2048, extent: 7, kernel: 1, residual: true},
	{name: "resnext.layer1.conv2", in: 128, out: 128, extent: 56, kernel: 3, groups: 32},
	{name: "resnext.layer2.0.conv2", in: 256, out: 256, extent: 56, kernel: 3, stride: 2, groups: 32},
	{name: "resnext.layer2.conv2", in: 256, out: 256, extent: 28, kernel: 3, groups: 32},
}

func (l convLayer) String() string {
	return fmt.Sprintf("%s/%dx%dx%d", l.name, l.in, l.extent, l.extent)
}

// spec is the layer with a scale, a shift and a ReLU.
func (l convLayer) spec() ConvSpec {
	stride, dilation, groups := max(1, l.stride), max(1, l.dilation), max(1, l.groups)
	pad := dilation * (l.kernel - 1) / 2
	out := (l.extent+2*pad-dilation*(l.kernel-1)-1)/stride + 1
	s := ConvSpec{
		In: Dims{1, l.in, l.extent, l.extent}, Out: Dims{1, l.out, out, out}, Groups: groups,
		Geometry: Geometry{
			Kernel: [2]int{l.kernel, l.kernel}, Stride: [2]int{stride, stride},
			Padding: [2]int{pad, pad}, Dilation: [2]int{dilation, dilation},
		},
		Weight:   make([]float32, l.out*l.in/groups*l.kernel*l.kernel),
		Epilogue: Epilogue{Scale: make([]float32, l.out), Shift: make([]float32, l.out), Act: ReLU, Residual: l.residual},
	}
	Fill(s.Weight, 0.01)
	Fill(s.Scale, 1)
	return s
}

func (s ConvSpec) benchMACs() int {
	return s.Out.Len() * s.In.C / s.Groups * s.Kernel[0] * s.Kernel[1]
}

// blockedSpec puts a layer between blocked maps, the stem's input excepted.
func blockedSpec(s ConvSpec, extra int) BlockedSpec {
	plain := Layout{Blocked: true}
	in := Layout{Blocked: true, Halo: s.Padding[0], Extra: extra}
	if s.In.C < Block {
		in = Layout{}
	}
	return BlockedSpec{ConvSpec: s, InLayout: in, OutLayout: plain, ResidualLayout: plain}
}

func (s BlockedSpec) benchmark(b *testing.B, k Kernel) {
	b.Helper()
	out := s.OutLayout.Floats(s.Out)
	in := []int{s.InLayout.Floats(s.In)}
	if s.Residual {
		in = append(in, out)
	}
	benchmark(b, k, s.benchMACs(), out, in...)
}

func BenchmarkConvDirect(b *testing.B) {
	for _, l := range convLayers {
		b.Run(l.String(), func(b *testing.B) {
			s := blockedSpec(l.spec(), 0)
			if !CanBlock(s.ConvSpec) {
				b.Skipf("no blocked kernel on %v", Active())
			}
			s.Packed = PackConv(s.ConvSpec, s.InLayout, Aligned)
			s.benchmark(b, NewBlockedConv(s))
		})
	}
}

func BenchmarkConvWinograd(b *testing.B) {
	for _, l := range convLayers {
		spec := l.spec()
		if !CanWinograd(spec) {
			continue
		}
		for _, tile := range []int{2, 4} {
			b.Run(fmt.Sprintf("%v/F(%d)", l, tile), func(b *testing.B) {
				s := blockedSpec(spec, WinogradExtra(spec, tile, spec.Padding[0]))
				s.Packed = PackWinograd(spec, tile, Aligned)
				s.benchmark(b, NewWinograd(s, tile))
			})
		}
	}
}

func BenchmarkConvWinogradStem(b *testing.B) {
	for _, l := range convLayers {
		spec := l.spec()
		if !CanWinogradStem(spec) {
			continue
		}
		b.Run(l.String(), func(b *testing.B) {
			s := blockedSpec(spec, 0)
			s.Packed = PackWinogradStem(spec, Aligned)
			s.benchmark(b, NewWinogradStem(s))
		})
	}
}

func BenchmarkConvStrassen(b *testing.B) {
	for _, l := range convLayers {
		spec := l.spec()
		for _, a := range []Algorithm{Strassen, Strassen2} {
			if !CanStrassen(spec, a.levels()) {
				continue
			}
			b.Run(a.String()+"/"+l.String(), func(b *testing.B) {
				s := blockedSpec(spec, 0)
				s.Packed = a.Pack(spec, s.InLayout, Aligned)
				s.benchmark(b, a.New(s))
			})
		}
	}
}

// What serves where there are no blocked kernels.
func BenchmarkConvPlanar(b *testing.B) {
	for _, l := range convLayers {
		if s := l.spec(); l.name == "layer2.conv2" || l.name == "layer2.conv3" {
			b.Run(l.String(), func(b *testing.B) {
				in := []int{s.In.Len()}
				if s.Residual {
					in = append(in, s.Out.Len())
				}
				benchmark(b, NewConv(s), s.benchMACs(), s.Out.Len(), in...)
			})
		}
	}
}

func BenchmarkPool(b *testing.B) {
	in, out := Dims{1, 64, 112, 112}, Dims{1, 64, 56, 56}
	spec := PoolSpec{In: in, Out: out, Geometry: Geometry{
		Kernel: [2]int{3, 3}, Stride: [2]int{2, 2}, Padding: [2]int{1, 1}, Dilation: [2]int{1, 1},
	}}
	last, one := Dims{1, 2048, 7, 7}, Dims{1, 2048, 1, 1}
	plain := Layout{Blocked: true}
	b.Run("max/planar", func(b *testing.B) { benchmark(b, NewMaxPool(spec), 0, out.Len(), in.Len()) })
	b.Run("global/planar", func(b *testing.B) { benchmark(b, NewAdaptiveAvgPool(last, one), 0, one.Len(), last.Len()) })
	if !Blocked() {
		return
	}
	b.Run("max/blocked", func(b *testing.B) {
		benchmark(b, NewBlockedMaxPool(spec, plain, plain), 0, plain.Floats(out), plain.Floats(in))
	})
	b.Run("average/blocked", func(b *testing.B) {
		benchmark(b, NewBlockedAvgPool(spec, plain, plain), 0, plain.Floats(out), plain.Floats(in))
	})
	b.Run("global/blocked", func(b *testing.B) {
		benchmark(b, NewBlockedAdaptiveAvgPool(last, one, plain), 0, one.Len(), plain.Floats(last))
	})
}

func BenchmarkLinear(b *testing.B) {
	for _, batch := range []int{1, 8, 64} {
		b.Run(fmt.Sprintf("2048x1000/batch=%d", batch), func(b *testing.B) {
			s := LinearSpec{Batch: batch, In: 2048, Out: 1000, Weight: Aligned(2048 * 1000)}
			s.Shift = make([]float32, s.Out)
			Fill(s.Weight, 0.01)
			k := NewLinear(s)
			if CanTileLinear(s) {
				k = NewTiledLinear(s, PackLinear(s, Aligned), 1)
			}
			benchmark(b, k, batch*s.In*s.Out, batch*s.Out, batch*s.In)
		})
	}
}

func BenchmarkReorder(b *testing.B) {
	if !Blocked() {
		b.Skip("no blocked layouts")
	}
	planar := Layout{}
	for _, c := range []struct {
		dims    Dims
		blocked Layout
	}{
		{Dims{1, 256, 56, 56}, Layout{Blocked: true, Halo: 1}},
		{Dims{1, 2048, 7, 7}, Layout{Blocked: true}},
	} {
		name := fmt.Sprintf("%dx%dx%d", c.dims.C, c.dims.H, c.dims.W)
		b.Run("to blocked/"+name, func(b *testing.B) {
			benchmark(b, NewReorder(c.dims, planar, c.blocked), 0, c.blocked.Floats(c.dims), c.dims.Len())
		})
		b.Run("to planar/"+name, func(b *testing.B) {
			benchmark(b, NewReorder(c.dims, c.blocked, planar), 0, c.dims.Len(), c.blocked.Floats(c.dims))
		})
	}
}
