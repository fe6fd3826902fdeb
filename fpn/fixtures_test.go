package fpn_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/fpn"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/internal/reftest/nets"
	"github.com/vertebra-vision/vertebra/ops"
)

// fixtureCase is an entry of testdata/fpn/cases.json.
type fixtureCase struct {
	Name, Preset string
	Set          json.RawMessage
	Neck         fpn.Config
	Input        []int
}

// newPyramid makes a case's pyramid with parameters filled by rule, and its
// input.
func (c *fixtureCase) newPyramid(t *testing.T) (*fpn.Pyramid, *ops.Tensor) {
	t.Helper()
	cfg, err := backbone.Preset(c.Preset)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(c.Set, &cfg))
	net, err := backbone.New(cfg)
	require.NoError(t, err)
	pyr, err := fpn.New(net, c.Neck)
	require.NoError(t, err)
	nets.Fill(t, pyr.Network)
	return pyr, nets.Input(t, c.Input...)
}

// TestFixtures compares every variant with PyTorch.
func TestFixtures(t *testing.T) {
	var worst reftest.Worst
	text, err := os.ReadFile(reftest.Testdata("fpn", "cases.json"))
	require.NoError(t, err)
	var cases []fixtureCase
	require.NoError(t, json.Unmarshal(text, &cases))
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			pyr, x := c.newPyramid(t)
			want := reftest.ReadFixture(t, reftest.Testdata("fpn", c.Name+".safetensors"))
			maps, err := pyr.Features(context.Background(), x)
			require.NoError(t, err)
			var names []string
			for level, m := range maps {
				names = append(names, string(level))
				worst.Add(c.Name+" "+string(level), want.Check(t, string(level), m.Shape(), m.Data()))
				info, err := pyr.Info(level)
				require.NoError(t, err)
				assert.Equal(t, info.Channels, m.Dim(1))
			}
			assert.ElementsMatch(t, want.Names(), names)
		})
	}
	t.Log(worst.String())
}
