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
	return outside(t, "VERTEBRA_DATA", "data", elem)
}

// Case is the path of a small file of a kind that people meet in the field. It
// lies below $VERTEBRA_CASES or ../shared/cases, and is missed like those of
// Shared.
func Case(t testing.TB, elem ...string) string {
	t.Helper()
	return outside(t, "VERTEBRA_CASES", "cases", elem)
}

func outside(t testing.TB, variable, folder string, elem []string) string {
	t.Helper()
	root := os.Getenv(variable)
	if root == "" {
		root = filepath.Join(Root(), "..", "shared", folder)
	}
	path := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("test data not present: %s (set %s to the folder that holds it)", filepath.Join(elem...), variable)
	}
	return path
}
