package classify

import (
	"context"
	"math"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest/nets"
	"github.com/vertebra-vision/vertebra/ops"
)

// What gives an answer refuses inputs that are no numbers and says where; what
// gives tensors computes with them, as PyTorch does.
func TestNonFiniteInputs(t *testing.T) {
	c, img := thin(t, 1), photograph(t)
	x := nets.Input(t, 2, 3, 64, 64)
	x.Data()[((1*3+2)*64+5)*64+7] = float32(math.Inf(1))
	e := Embedder{Network: c.Network}
	broken := *c
	broken.Transform.Mean[1] = float32(math.NaN())
	for name, f := range map[string]func() error{
		"Embed":      func() error { _, err := e.Embed(context.Background(), x); return err },
		"CAM":        func() error { _, err := c.CAM(context.Background(), x, 0); return err },
		"Classify":   func() error { _, err := broken.Classify(context.Background(), 1, img); return err },
		"TenCrop":    func() error { _, err := broken.TenCrop(context.Background(), 1, img); return err },
		"MultiScale": func() error { _, err := broken.MultiScale(context.Background(), 1, img, 64); return err },
		"Ensemble":   func() error { _, err := (Ensemble{c, &broken}).Classify(context.Background(), 1, img); return err },
	} {
		err := f()
		require.ErrorIs(t, err, ops.ErrNonFinite, name)
		says := "resnet18: the input: the value at image 0, channel 1, y 0, x 0 is "
		if name == "Embed" || name == "CAM" {
			says = "resnet18: the input: the value at image 1, channel 2, y 5, x 7 is +Inf"
		}
		assert.ErrorContains(t, err, says, name)
	}
	y, err := c.Network.Forward(context.Background(), x)
	require.NoError(t, err)
	clean, err := y.Rows(0, 1)
	require.NoError(t, err)
	assert.NoError(t, clean.CheckFinite(), "the other image of the batch")
	assert.ErrorIs(t, y.CheckFinite(), ops.ErrNonFinite)
	_, err = c.Network.Features(context.Background(), x)
	assert.NoError(t, err)
}
