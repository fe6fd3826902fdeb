package detect

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// TestLiveDetection compares the published, full-size detectors with
// torchvision. testdata/gen/compare_detection.sh runs Python and then this
// test; $VERTEBRA_LIVE_DETECTION is the folder with Python's files.
func TestLiveDetection(t *testing.T) {
	folder := os.Getenv("VERTEBRA_LIVE_DETECTION")
	if folder == "" {
		t.Skip("testdata/gen/compare_detection.sh runs this test")
	}
	checkpoints, err := filepath.Glob(filepath.Join(folder, "*.pth"))
	require.NoError(t, err)
	require.NotEmpty(t, checkpoints)
	for _, checkpoint := range checkpoints {
		kind := strings.TrimSuffix(filepath.Base(checkpoint), ".pth")
		d := publishedDetector(t, kind, checkpoint)
		files, err := filepath.Glob(strings.TrimSuffix(checkpoint, ".pth") + "_[0-9].safetensors")
		require.NoError(t, err)
		require.NotEmpty(t, files)
		for _, file := range files {
			_, metadata := reftest.ReadArrays(t, file)
			var sizes [][2]int
			require.NoError(t, json.Unmarshal([]byte(metadata["sizes"]), &sizes))
			d.settings.transform.MinSize, d.settings.transform.MaxSize = 800, 1333
			if text, ok := metadata["limits"]; ok {
				var limits [2]int
				require.NoError(t, json.Unmarshal([]byte(text), &limits))
				d.settings.transform.MinSize, d.settings.transform.MaxSize = limits[0], limits[1]
			}
			var images []*ops.Tensor
			for i, s := range sizes {
				images = append(images, picture(t, fmt.Sprintf("image%d", i), s[0], s[1]))
			}
			var worst comparison
			start := time.Now()
			compareRun(t, d, images, file, &worst)
			fmt.Printf("%s %v: %v (%.2f s)\n", kind, sizes, &worst, time.Since(start).Seconds())
		}
	}
}

func publishedDetector(t *testing.T, kind, checkpoint string) *Detector {
	t.Helper()
	name, version, _ := strings.Cut(kind, "_")
	model := strings.TrimSuffix(name+"_resnet50_fpn_"+version, "_")
	d, err := Preset(model)
	require.NoError(t, err)
	sd, err := weights.Open(checkpoint)
	require.NoError(t, err)
	defer func() { require.NoError(t, sd.Close()) }()
	require.NoError(t, d.Load(sd))
	published, err := weights.Lookup(model)
	require.NoError(t, err)
	frozen := int64(frozenNorms)
	if version != "" {
		frozen = 0
	}
	require.Equal(t, published.NumParams, d.NumParams()-frozen, "the parameters that torchvision publishes")
	return d
}
