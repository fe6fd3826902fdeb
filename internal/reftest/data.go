package reftest

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
)

// Root is the repository's root folder.
func Root() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Testdata is the path of a file below the repository's testdata folder.
func Testdata(elem ...string) string {
	return filepath.Join(append([]string{Root(), "testdata"}, elem...)...)
}

// Shared is the path of a file that tests use but the repository does not
// carry, because it is large or its licence forbids. It lies below
// $VERTEBRA_DATA or, without that variable, below ../shared/data beside the
// repository. The test is skipped where the file is absent.
func Shared(t testing.TB, elem ...string) string {
	t.Helper()
	root := os.Getenv("VERTEBRA_DATA")
	if root == "" {
		root = filepath.Join(Root(), "..", "shared", "data")
	}
	path := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("test data not present: %s (set VERTEBRA_DATA to the folder that holds it)", filepath.Join(elem...))
	}
	return path
}
