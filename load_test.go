package vertebra_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/configs"
	"github.com/vertebra-vision/vertebra/fpn"
	"github.com/vertebra-vision/vertebra/heads/classify"
	"github.com/vertebra-vision/vertebra/heads/detect"
	"github.com/vertebra-vision/vertebra/heads/segment"
	"github.com/vertebra-vision/vertebra/ops"
	"github.com/vertebra-vision/vertebra/weights"
)

// Whatever loads a checkpoint that does not fit says so by one type.
func TestEveryLoadGivesALoadError(t *testing.T) {
	one, err := ops.New(1)
	require.NoError(t, err)
	sd := weights.New()
	require.NoError(t, sd.Put("unknown", one))
	file := filepath.Join(t.TempDir(), "unknown.safetensors")
	require.NoError(t, weights.SaveSafetensors(file, []weights.Named{{Name: "unknown", Tensor: one}}, nil))

	c := backbone.ResNet18()
	c.Width = 4
	net, err := backbone.New(c)
	require.NoError(t, err)
	pyr, err := fpn.New(net, fpn.Config{Channels: 8, Extra: fpn.MaxPool})
	require.NoError(t, err)
	loftr, err := fpn.NewLoFTR(fpn.LoFTRConfig{InitialDim: 4, BlockDims: []int{4, 6, 8}})
	require.NoError(t, err)
	seg, err := segment.New(net, segment.Config{Head: segment.FCN})
	require.NoError(t, err)
	det, err := detect.NewFasterRCNN(pyr, detect.WithNumClasses(2), detect.WithBoxFeatures(8))
	require.NoError(t, err)
	parsed, err := configs.Parse("net.yaml", []byte("version: 1\nmodel: {backbone: {preset: resnet18, width: 4}, weights: "+file+"}\n"))
	require.NoError(t, err)
	for name, load := range map[string]func() error{
		"network":   func() error { return net.Load(sd) },
		"pyramid":   func() error { return pyr.Load(sd) },
		"LoFTR":     func() error { return loftr.Load(sd) },
		"segmenter": func() error { return seg.Load(sd) },
		"detector":  func() error { return det.Load(sd) },
		"classifier": func() error {
			_, err := classify.FromCheckpoint(sd, nil, classify.Source{Model: "resnet18"})
			return err
		},
		"file": func() error { _, err := parsed.Build(context.Background()); return err },
	} {
		err := load()
		var wrong *backbone.LoadError
		require.ErrorAs(t, err, &wrong, name)
		require.ErrorIs(t, err, weights.ErrWeights, name)
		assert.Equal(t, []string{"unknown"}, wrong.Unexpected, name)
		assert.NotEmpty(t, wrong.Missing, name)
		assert.NotEmpty(t, wrong.Source, name)
		assert.Contains(t, err.Error(), wrong.Missing[0], name)
	}
	require.NoError(t, os.Remove(file))
}
