package classify

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/weights"
)

// A file may hold several networks, of which Source names one, for inputs of
// another number of channels.
func TestOpenUnderAKey(t *testing.T) {
	net, err := backbone.New(backbone.CIFARResNet20())
	require.NoError(t, err)
	own, err := net.StateDict()
	require.NoError(t, err)
	both := weights.New()
	for _, name := range own.Names() {
		x, _ := own.Get(name)
		y, err := x.Tensor()
		require.NoError(t, err)
		require.NoError(t, both.Put("student."+name, y))
		require.NoError(t, both.Put("teacher."+name, y))
	}
	path := filepath.Join(t.TempDir(), "both.safetensors")
	require.NoError(t, both.Save(path))

	s := Source{Model: "cifar_resnet20", Weights: path}
	_, err = Open(t.Context(), s)
	require.ErrorIs(t, err, weights.ErrWeights)
	assert.ErrorContains(t, err, "student, teacher")
	s.Under = "teacher"
	c, err := Open(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, 10, c.Network.Config().NumClasses)

	s.Options = []backbone.Option{backbone.WithInChannels(1)}
	_, err = Open(t.Context(), s)
	require.ErrorIs(t, err, weights.ErrWeights)
	s.Load = []backbone.LoadOption{backbone.AdaptInputChannels()}
	c, err = Open(t.Context(), s)
	require.NoError(t, err)
	assert.Equal(t, 1, c.Network.Config().InChannels)
}
