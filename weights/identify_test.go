package weights

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A file is known by its content alone.
func TestIdentify(t *testing.T) {
	found, err := Identify(t.Context(), fixture("zip.pth"))
	require.NoError(t, err)
	assert.Nil(t, found)
	found, err = Identify(t.Context(), fixture("field/shards_bin"))
	require.NoError(t, err)
	assert.Nil(t, found)
	_, err = Identify(t.Context(), filepath.Join(t.TempDir(), "fasterrcnn_resnet50_fpn_coco-258fb6c6.pth"))
	assert.Error(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = Identify(ctx, fixture("zip.pth"))
	assert.ErrorIs(t, err, context.Canceled)

	rest := strings.Repeat("0", 56)
	assert.Equal(t, "fasterrcnn_resnet50_fpn/COCO_V1", bySum("258fb6c6"+rest).Name())
	assert.Equal(t, "keypointrcnn_resnet50_fpn/COCO_LEGACY", bySum("9f466800"+rest).Name())
	assert.Nil(t, bySum("00000000"+rest))
}
