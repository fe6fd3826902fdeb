package transform

import (
	"image"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/pixel"
)

// An RGB is not converted, here nor in packages below.
func TestRGBIsNotConverted(t *testing.T) {
	m, err := NewRGB(3, 2)
	require.NoError(t, err)
	same, err := ToRGB(m)
	require.NoError(t, err)
	assert.Same(t, m, same)
	below, err := pixel.FromImage(m)
	require.NoError(t, err)
	assert.Same(t, &m.Pix[0], &below.Pix[0])
	for _, bad := range []image.Image{(*RGB)(nil), &RGB{Width: 3, Height: 2}, &RGB{Width: -1, Height: 2}} {
		_, err := ToRGB(bad)
		require.ErrorIs(t, err, ErrImage)
	}
}
