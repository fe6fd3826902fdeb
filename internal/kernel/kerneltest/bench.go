package kerneltest

import (
	"sync"
	"testing"

	"github.com/vertebra-vision/vertebra/internal/kernel"
	"github.com/vertebra-vision/vertebra/internal/kernel/peak"
)

// The kernels on one thread. Their rates are of direct convolution's
// operations, so that what other algorithms save shows as more than the peak.

// peakOnce is the machine's peak on one thread.
var peakOnce = sync.OnceValue(func() float64 { return peak.Measure(1) })

// Benchmark runs all tasks of a kernel on buffers of the given sizes. macs may
// be 0: then the rate is of the bytes that it reads and writes.
func Benchmark(b *testing.B, k kernel.Kernel, macs int, out int, in ...int) {
	b.Helper()
	a := &kernel.Args{Out: kernel.Aligned(out)}
	for _, n := range in {
		a.In = append(a.In, kernel.Aligned(n))
	}
	BenchmarkArgs(b, k, macs, a)
}

// BenchmarkArgs is the same on given buffers, whose inputs it fills.
func BenchmarkArgs(b *testing.B, k kernel.Kernel, macs int, a *kernel.Args) {
	b.Helper()
	floats := len(a.Out)
	for _, x := range a.In {
		kernel.Fill(x, 0.5)
		floats += len(x)
	}
	scratch := kernel.Aligned(max(1, k.Scratch()))
	limit := peakOnce()
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
		b.ReportMetric(100*rate/limit, "%peak")
	}
}

// BenchmarkConv runs an algorithm on every layer that it applies to.
func BenchmarkConv(b *testing.B, a kernel.Algorithm) {
	for _, l := range Layers {
		s := l.Spec(kernel.Active())
		if !a.Applies(s, Between(s, a).InLayout) {
			continue
		}
		b.Run(l.String()+"/"+a.Name(), func(b *testing.B) {
			k, args := Make(s, a)
			BenchmarkArgs(b, k, MACs(s), args)
		})
	}
}

// MACs is the multiply-adds of a convolution.
func MACs(s kernel.ConvSpec) int {
	return s.Out.Len() * s.In.C / s.Groups * s.Kernel[0] * s.Kernel[1]
}
