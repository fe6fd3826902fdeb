package vertebra_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const modulePath = "github.com/vertebra-vision/vertebra"

// layers are the packages of the repository, as CONTRIBUTING.md lists them. A
// package may import what stands on lines below its own and nothing else of the
// module; packages that share a line do not import each other. A star stands for
// one folder.
var layers = []string{
	".",
	"examples examples/*",
	"examples/internal/pictures examples/internal/results",
	"examples/internal/cli",
	"examples/internal/*",
	"configs",
	"video/opencv",
	"video",
	"video/internal/*",
	"heads/*",
	"fpn",
	"internal/reftest/nets",
	"backbone",
	"internal/model",
	"weights",
	"weights/internal/pickle",
	"ops/transform",
	"ops",
	"internal/engine",
	"internal/graph",
	"internal/kernel/catalog",
	"internal/jpeg",
	"internal/kernel/choose",
	"internal/kernel/conv internal/kernel/winograd internal/kernel/stem internal/kernel/strassen internal/kernel/linear internal/kernel/pool internal/kernel/norm internal/kernel/resize internal/kernel/eltwise internal/kernel/reorder internal/kernel/softmax",
	"internal/kernel/transformed",
	"internal/kernel/tile internal/kernel/rows internal/kernel/gemm",
	"internal/kernel/kerneltest",
	"internal/kernel/peak",
	"internal/kernel",
	"internal/kernel/gen",
	"internal/kernel/gen/*",
	"internal/kernel/gen/asm",
	"internal/bmp",
	"internal/files internal/imagefile internal/names internal/parallel internal/pixel internal/reftest",
}

// testOnly are packages that nothing but tests imports, and tests of any
// package may.
var testOnly = []string{"internal/kernel/kerneltest", "internal/reftest", "internal/reftest/nets"}

// Imports point down the list.
func TestImportsPointDown(t *testing.T) {
	imports := importsOf(t, ".")
	require.NotEmpty(t, imports)
	assert.Empty(t, violations(layers, imports))
}

// What the test of the layers finds, on planted imports.
func TestLayersFindViolations(t *testing.T) {
	list := []string{"top/*", "middle", "left right", "bottom", "helper"}
	testOnly := func(from, to string) fileImports { return fileImports{from: from, test: true, imports: []string{to}} }
	cases := []struct {
		name    string
		imports fileImports
		says    string
	}{
		{"down", fileImports{from: "top/a", imports: []string{"middle", "bottom"}}, ""},
		{"down from a line of two", fileImports{from: "left", imports: []string{"bottom"}}, ""},
		{"up", fileImports{from: "bottom", file: "bottom/x.go", imports: []string{"middle"}}, "bottom/x.go: bottom imports middle, which stands above it"},
		{"beside", fileImports{from: "left", imports: []string{"right"}}, "left imports right, which stands beside it"},
		{"a star's beside", fileImports{from: "top/a", imports: []string{"top/b"}}, "top/a imports top/b, which stands beside it"},
		{"from nowhere", fileImports{from: "new"}, "new has no place in the list"},
		{"to nowhere", fileImports{from: "middle", imports: []string{"new"}}, "new has no place in the list"},
		{"deeper than a star", fileImports{from: "top/a/b"}, "top/a/b has no place in the list"},
		{"its own test", testOnly("left", "left"), ""},
		{"a test up", testOnly("left", "middle"), "left imports middle, which stands above it"},
		{"a user's test up", fileImports{from: "left", test: true, user: true, imports: []string{"middle"}}, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := violations(list, []fileImports{c.imports})
			if c.says == "" {
				assert.Empty(t, got)
				return
			}
			require.Len(t, got, 1)
			assert.Contains(t, got[0], c.says)
		})
	}
	helper := "internal/kernel/kerneltest"
	list = append(list, helper)
	assert.Empty(t, violations(list, []fileImports{testOnly(helper, helper), testOnly("bottom", helper)}))
	got := violations(list, []fileImports{{from: "bottom", imports: []string{helper}}})
	require.Len(t, got, 1)
	assert.Contains(t, got[0], "only tests may")
}

// fileImports is what a file imports of the module, as folders.
type fileImports struct {
	file, from string
	test       bool
	user       bool // a test in a package of its own
	imports    []string
}

// violations lists the imports that do not point down, and packages without a
// place.
func violations(layers []string, files []fileImports) []string {
	var list []string
	report := func(format string, args ...any) {
		if s := fmt.Sprintf(format, args...); !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	for _, f := range files {
		from := lineOf(layers, f.from)
		if from < 0 {
			report("%s has no place in the list of layers_test.go and CONTRIBUTING.md: give it one", f.from)
			continue
		}
		for _, name := range f.imports {
			to := lineOf(layers, name)
			switch {
			case f.test && (name == f.from || slices.Contains(testOnly, name)):
			case f.user && to >= 0:
			case to < 0:
				report("%s has no place in the list of layers_test.go and CONTRIBUTING.md: give it one", name)
			case slices.Contains(testOnly, name) && !slices.Contains(testOnly, f.from):
				report("%s: %s imports %s, which only tests may", f.file, f.from, name)
			case to == from:
				report("%s: %s imports %s, which stands beside it", f.file, f.from, name)
			case to < from:
				report("%s: %s imports %s, which stands above it", f.file, f.from, name)
			}
		}
	}
	return list
}

// lineOf is the line of a package: one that names it, or else the first star that
// fits; -1 for none.
func lineOf(layers []string, name string) int {
	star := -1
	for i, line := range layers {
		for _, pattern := range strings.Fields(line) {
			if pattern == name {
				return i
			}
			if ok, _ := path.Match(pattern, name); ok && star < 0 {
				star = i
			}
		}
	}
	return star
}

// importsOf parses the imports of every Go file below a folder, whatever it is
// built for.
func importsOf(t *testing.T, root string) []fileImports {
	t.Helper()
	var list []fileImports
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && file != root) {
			return filepath.SkipDir
		}
		if filepath.Ext(file) != ".go" {
			return nil
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		f := fileImports{file: filepath.ToSlash(file), from: filepath.ToSlash(filepath.Dir(file)), test: strings.HasSuffix(file, "_test.go")}
		f.user = f.test && strings.HasSuffix(parsed.Name.Name, "_test")
		for _, s := range parsed.Imports {
			name, err := strconv.Unquote(s.Path.Value)
			if err != nil {
				return err
			}
			if name == modulePath || strings.HasPrefix(name, modulePath+"/") {
				f.imports = append(f.imports, path.Clean(strings.TrimPrefix(strings.TrimPrefix(name, modulePath), "/")))
			}
		}
		list = append(list, f)
		return nil
	})
	require.NoError(t, err)
	return list
}
