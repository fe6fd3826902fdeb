package configs

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/weights"
)

// A file chooses among networks, and adapts a stem.
func TestWeightsOptions(t *testing.T) {
	file := reftest.Testdata("weights", "field", "choose_ema.pth")
	text := func(more string) []byte {
		return []byte("version: 1\nmodel:\n  backbone: {block: basic, blocks: [1, 1], width: 4, num_classes: 3, in_channels: 1}\n  weights: {source: " + file + more + "}\n")
	}
	build := func(more string) error {
		c, err := Parse("x.yaml", text(more))
		require.NoError(t, err)
		_, err = c.Build(context.Background())
		return err
	}
	require.NoError(t, build(", under: ema, adapt_input_channels: true"))
	for more, says := range map[string]string{
		"":                             "several dictionaries of tensors: model (",
		", under: ema":                 "adapt_input_channels",
		", under: student":             `nothing is called "student"`,
		", under: ema.module.nowhere.": "",
	} {
		if says == "" {
			_, err := Parse("x.yaml", text(more))
			assert.ErrorContains(t, err, "model.weights.under: expected keys joined by dots")
			continue
		}
		err := build(more)
		require.ErrorIs(t, err, weights.ErrWeights, more)
		assert.ErrorContains(t, err, says)
		assert.ErrorContains(t, err, "x.yaml:4:")
		assert.NotContains(t, err.Error(), "\n")
	}

	c, err := Parse("x.yaml", text(", under: ema"))
	require.NoError(t, err)
	again, err := Parse("y.yaml", []byte(c.String()))
	require.NoError(t, err)
	assert.Equal(t, "ema", again.Model.Weights.Under)
	c.SetWeights("other.pth")
	assert.Empty(t, c.Model.Weights.Under, "it was the other file's")
}
