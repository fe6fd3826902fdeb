package backbone_test

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/tabwriter"

	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// TestLiveTorchvision compares presets with torchvision from checkpoints that
// torch.save wrote, value by value, and prints a table. testdata/gen/compare.sh runs Python and
// then this test; $VERTEBRA_LIVE is the folder with Python's files.
func TestLiveTorchvision(t *testing.T) {
	folder := os.Getenv("VERTEBRA_LIVE")
	if folder == "" {
		t.Skip("testdata/gen/compare.sh runs this test")
	}
	checkpoints, err := filepath.Glob(filepath.Join(folder, "*.pth"))
	require.NoError(t, err)
	require.NotEmpty(t, checkpoints)
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, checkpoint := range checkpoints {
		preset := strings.TrimSuffix(filepath.Base(checkpoint), ".pth")
		net := loadLive(t, preset, checkpoint)
		nodes := stageNodes(net.Config())
		fmt.Fprintf(table, "%s\t%s\n", preset, strings.Join(nodes, "\t"))
		files, err := filepath.Glob(strings.TrimSuffix(checkpoint, ".pth") + "_[0-9]*x*.safetensors")
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			compareLive(t, table, net, file)
		}
	}
	require.NoError(t, table.Flush())
}

func loadLive(t *testing.T, preset, checkpoint string) *backbone.Network {
	t.Helper()
	cfg, err := backbone.Preset(preset)
	require.NoError(t, err)
	net, err := backbone.New(cfg)
	require.NoError(t, err)
	sd, err := weights.Open(checkpoint)
	require.NoError(t, err)
	defer sd.Close()
	require.NoError(t, net.Load(sd))
	return net
}

// compareLive writes one line for one input: the worst error of each node,
// relative to its largest magnitude.
func compareLive(t *testing.T, table io.Writer, net *backbone.Network, file string) {
	t.Helper()
	want, _ := reftest.ReadArrays(t, file)
	x, err := ops.FromSlice(want["input"].Data, want["input"].Shape...)
	require.NoError(t, err)
	nodes := stageNodes(net.Config())
	got, err := net.Run(context.Background(), x, nodes...)
	require.NoError(t, err)
	fmt.Fprint(table, strings.Trim(fmt.Sprint(x.Shape()), "[]"))
	for _, node := range nodes {
		require.Equal(t, want[node].Shape, got[node].Shape(), "%s %s", file, node)
		worst := reftest.Close(t, file+" "+node, got[node].Data(), want[node].Data, reftest.Tolerance)
		fmt.Fprintf(table, "\t%.1e", worst)
	}
	fmt.Fprintln(table)
}
