package transform

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestHasImageExtension(t *testing.T) {
	for name, want := range map[string]bool{
		"a.png": true, "dir.d/A.JPG": true, "a.tar.webp": true, "IMG_1.HEIC": true, ".png": true,
		"": false, "png": false, "a.png.txt": false, "a.": false, "dir.png/a": false, "Thumbs.db": false,
	} {
		assert.Equal(t, want, HasImageExtension(name), "%q", name)
	}
}
