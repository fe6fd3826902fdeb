package fpn_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/fpn"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/internal/reftest/nets"
)

// LoFTR's backbones give what their definition in PyTorch gives.
func TestLoFTRFixtures(t *testing.T) {
	for name, c := range map[string]struct {
		config fpn.LoFTRConfig
		input  []int
	}{
		"loftr_8_2":  {fpn.LoFTRConfig{InitialDim: 32, BlockDims: []int{32, 49, 64}}, []int{2, 1, 64, 88}},
		"loftr_16_4": {fpn.LoFTRConfig{InitialDim: 32, BlockDims: []int{32, 49, 64, 128}, Fine: 1}, []int{1, 1, 96, 112}},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := fpn.NewLoFTR(c.config)
			require.NoError(t, err)
			nets.Fill(t, l.Network)
			coarse, fine, err := l.Features(context.Background(), nets.Input(t, c.input...))
			require.NoError(t, err)
			want := reftest.ReadFixture(t, reftest.Testdata("fpn", name+".safetensors"))
			want.Check(t, "coarse", coarse.Shape(), coarse.Data())
			want.Check(t, "fine", fine.Shape(), fine.Data())
		})
	}
}

func TestLoFTRPresets(t *testing.T) {
	for _, c := range []struct {
		config                   fpn.LoFTRConfig
		coarse, fine, params     int
		coarseStride, fineStride int
	}{
		{fpn.LoFTR8x2(), 256, 128, 5_915_888, 8, 2},
		{fpn.LoFTR16x4(), 512, 196, 17_580_248, 16, 4},
	} {
		l, err := fpn.NewLoFTR(c.config)
		require.NoError(t, err)
		coarse, fine, err := l.Features(context.Background(), image(t, 1, 1, 32, 48))
		require.NoError(t, err)
		assert.Equal(t, []int{1, c.coarse, 32 / c.coarseStride, 48 / c.coarseStride}, coarse.Shape())
		assert.Equal(t, []int{1, c.fine, 32 / c.fineStride, 48 / c.fineStride}, fine.Shape())
		assert.EqualValues(t, c.params, l.NumParams())
	}
	for _, c := range []fpn.LoFTRConfig{{}, {InitialDim: 8, BlockDims: []int{8}}, {InitialDim: 8, BlockDims: []int{8, 16}, Fine: 1}, {InitialDim: 8, BlockDims: []int{8, -1}}} {
		_, err := fpn.NewLoFTR(c)
		assert.ErrorIs(t, err, fpn.ErrConfig, "%+v", c)
	}
}
