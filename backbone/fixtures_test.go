package backbone_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/internal/reftest/nets"
	"github.com/vertebra-vision/vertebra/ops"
)

// fixtureCase describes a network and an input: an entry of cases.json or
// hooks.json in testdata/backbone. Set overrides fields of the preset.
type fixtureCase struct {
	Name, Preset string
	Set          json.RawMessage
	Input        []int
	Extra        []string
	Hooks        []fixtureHook
}

func readCases(t *testing.T, file string) (cases []fixtureCase) {
	t.Helper()
	text, err := os.ReadFile(reftest.Testdata("backbone", file))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &cases))
	return cases
}

func (c *fixtureCase) config(t *testing.T) backbone.Config {
	t.Helper()
	cfg, err := backbone.Preset(c.Preset)
	require.NoError(t, err)
	if c.Set != nil {
		require.NoError(t, json.Unmarshal(c.Set, &cfg))
	}
	return cfg
}

func (c *fixtureCase) fixture(t *testing.T) *reftest.Fixture {
	t.Helper()
	return reftest.ReadFixture(t, reftest.Testdata("backbone", c.Name+".safetensors"))
}

func (c *fixtureCase) input(t *testing.T) *ops.Tensor {
	t.Helper()
	x, err := ops.New(c.Input...)
	require.NoError(t, err)
	reftest.Fill("input", x.Data(), -2, 2)
	return x
}

// slow tells whether a network takes long enough to be left out of short runs.
func slow(t *testing.T, net *backbone.Network, input []int) bool {
	t.Helper()
	macs, err := net.MACs(input...)
	require.NoError(t, err)
	return macs > 5e8
}

// stageNodes are the nodes that every fixture records: the stem's end, the
// stages and the classifier.
func stageNodes(cfg backbone.Config) []string {
	nodes := []string{"maxpool"}
	if cfg.Stem == backbone.StemCIFAR {
		nodes[0] = "relu"
	}
	for i := range cfg.Blocks {
		nodes = append(nodes, fmt.Sprintf("layer%d", i+1))
	}
	if cfg.NoClassifier {
		return nodes
	}
	return append(nodes, "avgpool", "fc")
}

// TestFixtures compares every preset and every option with PyTorch, three
// times because each asks for other nodes and so runs another plan: the
// result alone, the stages, the inner nodes.
func TestFixtures(t *testing.T) {
	var worst reftest.Worst
	for _, c := range readCases(t, "cases.json") {
		t.Run(c.Name, func(t *testing.T) {
			cfg := c.config(t)
			net, err := backbone.New(cfg)
			require.NoError(t, err)
			if testing.Short() && slow(t, net, c.Input) {
				t.Skip("a big network")
			}
			nets.Fill(t, net)
			x, want := c.input(t), c.fixture(t)
			stages := stageNodes(cfg)
			require.ElementsMatch(t, append(stages, c.Extra...), want.Names())

			check := func(node string, got *ops.Tensor) {
				worst.Add(c.Name+" "+node, want.Check(t, node, got.Shape(), got.Data()))
			}
			result, err := net.Forward(context.Background(), x)
			require.NoError(t, err)
			check(stages[len(stages)-1], result)
			for _, nodes := range [][]string{stages, c.Extra} {
				if len(nodes) == 0 {
					continue
				}
				got, err := net.Run(context.Background(), x, nodes...)
				require.NoError(t, err)
				require.Len(t, got, len(nodes))
				for node, value := range got {
					check(node, value)
				}
			}
		})
	}
	t.Log(&worst)
}

// TestFixturesCoverPresets keeps a preset without a fixture out.
func TestFixturesCoverPresets(t *testing.T) {
	covered := map[string]bool{}
	for _, c := range readCases(t, "cases.json") {
		if c.Set == nil {
			covered[c.Preset] = true
		}
	}
	for _, name := range backbone.Presets() {
		assert.True(t, covered[name], "no fixture of %s as it is", name)
	}
}
