package backbone

import (
	"fmt"
	"testing"

	"github.com/vertebra-vision/vertebra/internal/kernel/peak"
)

// One forward pass at 224x224, by network and batch. The unit that matters
// beside the time is GFLOP/s: of direct convolution, so that Winograd's
// savings show as more than the machine's peak.
func BenchmarkForward(b *testing.B) {
	for _, c := range []struct {
		name  string
		batch int
	}{{"resnet18", 1}, {"resnet50", 1}, {"resnet50", 8}, {"resnet101", 1}, {"resnext50_32x4d", 1}, {"wide_resnet50_2", 1}} {
		config, err := Preset(c.name)
		if err != nil {
			b.Fatal(err)
		}
		for _, threads := range []int{1, 2} {
			b.Run(fmt.Sprintf("%s/batch=%d/threads=%d", c.name, c.batch, threads), func(b *testing.B) {
				n, x := newNet(b, config, WithThreads(threads)), input(b, c.batch, 3, 224, 224)
				macs, err := n.MACs(x.Shape()...)
				if err != nil {
					b.Fatal(err)
				}
				if _, err := n.Forward(ctx, x); err != nil { // packs the weights
					b.Fatal(err)
				}
				limit := peak.Measure(threads)
				for b.Loop() {
					if _, err := n.Forward(ctx, x); err != nil {
						b.Fatal(err)
					}
				}
				rate := 2 * float64(macs) * float64(b.N) / b.Elapsed().Seconds() / 1e9
				b.ReportMetric(rate, "GFLOP/s")
				b.ReportMetric(100*rate/limit, "%peak")
			})
		}
	}
}
