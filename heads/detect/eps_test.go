package detect

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/weights"
)

// The same bytes give the same detections whatever the file is called, and the
// caller may say otherwise.
func TestSameBytesSameEps(t *testing.T) {
	const model = "fasterrcnn_resnet18_fpn"
	d, err := Preset(model, WithNumClasses(3))
	require.NoError(t, err)
	sd, err := d.StateDict()
	require.NoError(t, err)
	folder := t.TempDir()
	names := []string{"fasterrcnn_resnet50_fpn_coco-258fb6c6.pth", "mine.pth"}
	require.NoError(t, sd.Save(filepath.Join(folder, names[0])))
	require.NoError(t, os.Link(filepath.Join(folder, names[0]), filepath.Join(folder, names[1])))

	eps := func(name string, told float64) float64 {
		d, err := Open(t.Context(), Source{Model: model, Weights: filepath.Join(folder, name), NormEps: told})
		require.NoError(t, err)
		return d.net.Config().NormEps
	}
	v1, err := weights.Lookup("fasterrcnn_resnet50_fpn/COCO_V1")
	require.NoError(t, err)
	legacy, err := weights.Lookup("keypointrcnn_resnet50_fpn/COCO_LEGACY")
	require.NoError(t, err)
	defer func(f func(context.Context, string) (*weights.Checkpoint, error)) { identify = f }(identify)
	for _, name := range names { // some content, and that of published files
		for want, content := range map[float64]*weights.Checkpoint{1e-5: nil, NoEps: v1} {
			identify = func(context.Context, string) (*weights.Checkpoint, error) { return content, nil }
			assert.Equal(t, want, eps(name, 0), name)
			assert.Equal(t, 1e-3, eps(name, 1e-3), name)
		}
		identify = func(context.Context, string) (*weights.Checkpoint, error) { return legacy, nil }
		assert.Equal(t, 1e-5, eps(name, 0), name)
	}
	identify = func(context.Context, string) (*weights.Checkpoint, error) { t.Error("read"); return nil, nil }
	for _, kind := range []string{"fasterrcnn_v2", "fcos", "fasterrcnn_detectron2", "fasterrcnn_c4"} {
		got, err := BackboneEps(t.Context(), kind, nil, names[0])
		require.NoError(t, err)
		assert.Zero(t, got, kind)
	}
	got, err := BackboneEps(t.Context(), "fasterrcnn", v1, "")
	require.NoError(t, err)
	assert.Equal(t, NoEps, got)
}
