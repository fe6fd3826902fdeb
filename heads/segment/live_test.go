package segment_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/fpn"
	"github.com/vertebra-vision/vertebra/heads/segment"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// TestLiveTorchvision compares segmentation networks and pyramids with
// torchvision's, detectron2's and LoFTR's definitions, value by value. testdata/gen/compare_dense.sh runs Python and
// then this test; $VERTEBRA_LIVE is the folder with Python's files.
func TestLiveTorchvision(t *testing.T) {
	folder := os.Getenv("VERTEBRA_LIVE")
	if folder == "" {
		t.Skip("testdata/gen/compare_dense.sh runs this test")
	}
	checkpoints, err := filepath.Glob(filepath.Join(folder, "*.pth"))
	require.NoError(t, err)
	require.NotEmpty(t, checkpoints)
	for _, checkpoint := range checkpoints {
		model := strings.TrimSuffix(filepath.Base(checkpoint), ".pth")
		net := liveNetwork(t, model)
		sd, err := weights.Open(checkpoint)
		require.NoError(t, err)
		defer sd.Close()
		require.NoError(t, net.Load(sd))
		files, err := filepath.Glob(filepath.Join(folder, model+"_*x*.safetensors"))
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			compareLive(t, net, model, file)
		}
	}
}

func liveNetwork(t *testing.T, model string) *backbone.Network {
	t.Helper()
	if c, ok := map[string]fpn.LoFTRConfig{"loftr_8_2": fpn.LoFTR8x2(), "loftr_16_4": fpn.LoFTR16x4()}[model]; ok {
		l, err := fpn.NewLoFTR(c)
		require.NoError(t, err)
		return l.Network
	}
	if preset, ok := strings.CutSuffix(model, "_fpn"); ok {
		if preset == "detectron2" {
			preset = "resnet50_v1"
		}
		config, err := backbone.Preset(preset)
		require.NoError(t, err)
		net, err := backbone.New(config)
		require.NoError(t, err)
		pyr, err := fpn.New(net, fpn.TorchvisionDetection())
		require.NoError(t, err)
		return pyr.Network
	}
	seg, err := segment.Preset(model)
	require.NoError(t, err)
	return seg.Network
}

func compareLive(t *testing.T, net *backbone.Network, model, file string) {
	t.Helper()
	want, _ := reftest.ReadArrays(t, file)
	x, err := ops.FromSlice(want["input"].Data, want["input"].Shape...)
	require.NoError(t, err)
	delete(want, "input")
	var names []string
	for name := range want {
		names = append(names, name)
	}
	got, err := net.Run(context.Background(), x, names...)
	require.NoError(t, err)
	line := fmt.Sprint(model, " ", x.Shape(), ":")
	for _, name := range names {
		require.Equal(t, want[name].Shape, got[name].Shape(), "%s %s", file, name)
		worst := reftest.Close(t, file+" "+name, got[name].Data(), want[name].Data, reftest.Tolerance)
		line += fmt.Sprintf(" %s %.1e", name, worst)
	}
	fmt.Println(line)
}
