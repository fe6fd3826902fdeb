// Package nets gives networks under test the parameters that
// testdata/gen/fill_net.py gives PyTorch's.
package nets

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// Fill loads parameters filled by rule.
func Fill(t testing.TB, net *backbone.Network) {
	t.Helper()
	sd := weights.New()
	for _, p := range net.Params() {
		value, err := ops.New(p.Shape...)
		require.NoError(t, err)
		reftest.FillParam(p.Name, p.Shape, lastNorm(net.Config()), value.Data())
		require.NoError(t, sd.Put(p.Name, value))
	}
	require.NoError(t, net.Load(sd))
}

// lastNorm is the name, within a block, of the normalisation before the
// addition.
func lastNorm(cfg backbone.Config) string {
	switch {
	case cfg.Shortcut == backbone.ShortcutNone:
		return ""
	case cfg.Block == backbone.BasicBlock:
		return "bn2"
	}
	return "bn3"
}

// Input is a tensor filled by rule, as every fixture's input is.
func Input(t testing.TB, shape ...int) *ops.Tensor {
	t.Helper()
	x, err := ops.New(shape...)
	require.NoError(t, err)
	reftest.Fill("input", x.Data(), -2, 2)
	return x
}
