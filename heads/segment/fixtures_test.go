package segment_test

import (
	"context"
	"encoding/json"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/heads/segment"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/internal/reftest/nets"
)

// fixtureCase is an entry of testdata/segment/cases.json.
type fixtureCase struct {
	Name, Preset string
	Set          json.RawMessage
	Config       segment.Config
	Input        []int
}

// TestFixtures compares every head with PyTorch.
func TestFixtures(t *testing.T) {
	var worst reftest.Worst
	text, err := os.ReadFile(reftest.Testdata("segment", "cases.json"))
	require.NoError(t, err)
	var cases []fixtureCase
	require.NoError(t, json.Unmarshal(text, &cases))
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			cfg, err := backbone.Preset(c.Preset)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(c.Set, &cfg))
			net, err := backbone.New(cfg)
			require.NoError(t, err)
			seg, err := segment.New(net, c.Config)
			require.NoError(t, err)
			nets.Fill(t, seg.Network)
			x, ctx := nets.Input(t, c.Input...), context.Background()
			want := reftest.ReadFixture(t, reftest.Testdata("segment", c.Name+".safetensors"))

			names := []string{"logits", "out"}
			if c.Config.Auxiliary {
				names = append(names, "aux")
			}
			got, err := seg.Run(ctx, x, names...)
			require.NoError(t, err)
			for _, name := range names {
				worst.Add(c.Name+" "+name, want.Check(t, name, got[name].Shape(), got[name].Data()))
			}
			out, err := seg.Logits(ctx, x)
			require.NoError(t, err)
			assert.InDeltaSlice(t, got["out"].Data(), out.Data(), 1e-3)

			maps, err := seg.Classify(ctx, x)
			require.NoError(t, err)
			var classes []float32
			for _, m := range maps {
				for _, class := range m.Pix {
					classes = append(classes, float32(class))
				}
			}
			n := want.Shape("argmax")
			want.Check(t, "argmax", []int{len(maps), maps[0].Rect.Dy(), maps[0].Rect.Dx()}, classes)
			require.Equal(t, []int{c.Input[0], c.Input[2], c.Input[3]}, n)
		})
	}
	t.Log(worst.String())
}
