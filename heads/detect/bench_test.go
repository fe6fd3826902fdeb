package detect

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/ops"
)

// BenchmarkDetect is an image of 480×640, which becomes 800×1066, with random
// weights: full-size networks and as many proposals as there can be.
func BenchmarkDetect(b *testing.B) {
	for _, model := range []string{"fasterrcnn_resnet50_fpn", "retinanet_resnet50_fpn"} {
		b.Run(model, func(b *testing.B) {
			d, err := Preset(model)
			require.NoError(b, err)
			x, err := ops.New(3, 480, 640)
			require.NoError(b, err)
			for i := range x.Data() {
				x.Data()[i] = float32(i*2654435761%1000) / 1000
			}
			images := []*ops.Tensor{x}
			_, err = d.DetectTensors(ctx, images)
			require.NoError(b, err)
			b.ResetTimer()
			for range b.N {
				_, err := d.DetectTensors(ctx, images)
				require.NoError(b, err)
			}
		})
	}
}
