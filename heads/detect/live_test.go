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

// liveModel is Preset's name of what compare_detection.py calls a kind.
func liveModel(kind string) string {
	switch kind {
	case "fasterrcnn_c4":
		return "fasterrcnn_resnet101_c4"
	case "fasterrcnn_detectron2":
		return "fasterrcnn_resnet101_v1_fpn_detectron2"
	case "maskrcnn_detectron2":
		return "maskrcnn_resnet50_v1_fpn_detectron2"
	case "maskrcnn_resnext_detectron2":
		return "maskrcnn_resnext101_32x8d_fpn_detectron2"
	}
	name, version, _ := strings.Cut(kind, "_")
	return strings.TrimSuffix(name+"_resnet50_fpn_"+version, "_")
}

func publishedDetector(t *testing.T, kind, checkpoint string) *Detector {
	t.Helper()
	model := liveModel(kind)
	d, err := Preset(model)
	require.NoError(t, err)
	sd, err := weights.Open(checkpoint)
	require.NoError(t, err)
	defer func() { require.NoError(t, sd.Close()) }()
	require.NoError(t, d.Load(sd))
	published, err := weights.Lookup(model)
	if strings.HasSuffix(kind, "_c4") {
		return d // nobody publishes one
	}
	require.NoError(t, err)
	frozen := int64(0)
	if !strings.HasSuffix(kind, "2") {
		frozen = frozenNorms
	}
	require.Equal(t, published.NumParams, d.NumParams()-frozen, "the parameters that torchvision publishes")
	return d
}
