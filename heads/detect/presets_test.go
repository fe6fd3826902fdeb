package detect

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/weights"
)

// frozenNorms is the scales and shifts of ResNet-50's normalisations, which
// torchvision does not count where they are frozen.
const frozenNorms = 53120

// Every detector that torchvision publishes a checkpoint for can be made, and
// has as many parameters.
func TestPublishedDetectors(t *testing.T) {
	models := map[string]bool{}
	for _, c := range weights.Published() {
		if !strings.Contains(c.Model, "_fpn") {
			continue
		}
		models[c.Model] = true
		d, err := Preset(c.Model, WithLabels(c.Categories()))
		require.NoError(t, err, c.Model)
		want := c.NumParams
		if !strings.HasSuffix(c.Model, "2") { // torchvision's first
			want += frozenNorms
		}
		assert.Equal(t, want, d.NumParams(), c.Name())
		eps := publishedEps(&c)
		assert.Equal(t, c.Tag == "COCO_V1" && !strings.HasSuffix(c.Model, "2") && c.Model != "fcos_resnet50_fpn", eps != 0, c.Name())
	}
	for _, m := range Models() {
		assert.True(t, models[m] || m == "fasterrcnn_resnet101_c4", m)
	}
	assert.Len(t, models, len(Models())-1+4, "detectron2's on ResNet-101 and ResNeXt-101 besides")
}

func TestOpenErrors(t *testing.T) {
	_, err := Open(context.Background(), Source{Weights: "presets_test.go"})
	assert.ErrorIs(t, err, ErrConfig)
	_, err = Open(context.Background(), Source{Model: "fcos_resnet18_fpn", Weights: "presets_test.go"})
	assert.ErrorIs(t, err, weights.ErrFormat)
	_, err = Open(context.Background(), Source{Model: "fcos_resnet18_fpn"})
	assert.ErrorIs(t, err, weights.ErrUnknownCheckpoint)
}
