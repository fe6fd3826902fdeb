package files

import (
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/pkg/errors"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What cannot be written leaves what was there, and nothing beside it.
func TestReplace(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "f")
	text := func(s string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
	}
	require.NoError(t, Replace(path, text("one")))
	require.NoError(t, Replace(path, text("two")))
	broken := errors.New("broken")
	require.ErrorIs(t, Replace(path, func(w io.Writer) error { _ = text("half")(w); return broken }), broken)
	got, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, "two", string(got))
	list, err := os.ReadDir(folder)
	require.NoError(t, err)
	assert.Len(t, list, 1)
	require.ErrorContains(t, Replace("", text("x")), "the path is empty")
	require.ErrorContains(t, Replace(filepath.Join(folder, "nowhere", "f"), text("x")), "writing")
}
