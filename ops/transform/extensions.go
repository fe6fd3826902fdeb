package transform

import (
	"path/filepath"
	"slices"
	"strings"
)

// extensions are the endings of pictures' names: of what Decode reads, and of
// what cameras and phones put beside it, so that a program that searches
// a folder says of these what is wrong with them and does not pass them over.
var extensions = []string{
	".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".gif",
	".tif", ".tiff", ".avif", ".heic", ".heif",
}

// HasImageExtension reports whether a file's name ends as a picture's does, in
// any case. It tells what to take from a folder, not what Decode reads: that
// goes by the content.
func HasImageExtension(name string) bool {
	return slices.Contains(extensions, strings.ToLower(filepath.Ext(name)))
}
