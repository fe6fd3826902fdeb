package backbone_test

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/reftest"
)

// counts is an entry of testdata/backbone/counts.json, which count_fixtures.py
// in testdata/gen explains.
type counts struct {
	Input          []int
	Params, MACs   int64
	PublishedGMACs float64
	PaperFLOPs     float64
	PaperParams    float64
	ByModule       map[string]int64
}

// TestCounts compares parameters and multiply-adds with PyTorch's, with those
// that torchvision publishes, to its three decimals, and with the paper's,
// which agree within 2 %.
func TestCounts(t *testing.T) {
	text, err := os.ReadFile(reftest.Testdata("backbone", "counts.json"))
	require.NoError(t, err)
	var all map[string]counts
	require.NoError(t, json.Unmarshal(text, &all))
	require.Len(t, all, len(backbone.Presets()))
	for name, want := range all {
		t.Run(name, func(t *testing.T) {
			cfg, err := backbone.Preset(name)
			require.NoError(t, err)
			net, err := backbone.New(cfg)
			require.NoError(t, err)
			macs, err := net.MACs(want.Input...)
			require.NoError(t, err)
			assert.Equal(t, want.Params, net.NumParams())
			assert.Equal(t, want.MACs, macs)
			if want.ByModule != nil {
				assert.Equal(t, want.ByModule, macsByModule(t, net, want.Input))
			}
			if want.PublishedGMACs != 0 {
				assert.Equal(t, want.PublishedGMACs, math.Round(float64(macs)/1e6)/1e3)
			}
			if want.PaperFLOPs != 0 {
				assert.InEpsilon(t, want.PaperFLOPs, float64(macs), 0.02)
			}
			if want.PaperParams != 0 {
				assert.InEpsilon(t, want.PaperParams, float64(net.NumParams()), 0.02)
			}
		})
	}
}

// macsByModule leaves out nodes without multiply-adds.
func macsByModule(t *testing.T, net *backbone.Network, input []int) map[string]int64 {
	t.Helper()
	summary, err := net.Summary(input...)
	require.NoError(t, err)
	macs := map[string]int64{}
	for _, node := range summary {
		if node.MACs > 0 {
			macs[node.Name] = node.MACs
		}
	}
	return macs
}
