package catalog

import (
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/kernel"
)

// Every function in assembly is announced in its room's table once, under the
// instruction set that its file is named for, and nothing else is.
func TestEverythingIsAnnounced(t *testing.T) {
	if kernel.Best() == kernel.Generic {
		t.Skip("no assembly")
	}
	files, err := filepath.Glob("../*/*.s")
	require.NoError(t, err)
	require.NotEmpty(t, files)
	others, err := filepath.Glob("../../*/*.s") // rooms beside the kernels'
	require.NoError(t, err)
	files = append(files, others...)
	named := regexp.MustCompile(`_(avx2|avx512)_amd64\.s$`)
	want := map[string][]string{} // room and instruction set
	for _, file := range files {
		isa := named.FindStringSubmatch(file)
		require.NotNil(t, isa, "%s is not named for an instruction set", file)
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		key := filepath.Base(filepath.Dir(file)) + " " + isa[1]
		for _, f := range regexp.MustCompile(`(?m)^TEXT ·(\w+)\(SB\)`).FindAllSubmatch(text, -1) {
			want[key] = append(want[key], string(f[1]))
		}
	}
	got := map[string][]string{}
	for room, routines := range Rooms() {
		for _, r := range routines {
			name := runtime.FuncForPC(reflect.ValueOf(r.Code).Pointer()).Name()
			key := room + " " + r.ISA.String()
			got[key] = append(got[key], name[strings.LastIndex(name, ".")+1:])
		}
	}
	for _, m := range []map[string][]string{want, got} {
		for _, list := range m {
			slices.Sort(list)
		}
	}
	assert.Equal(t, want, got)
}

// A routine is one of a name on an instruction set.
func TestNamesAreUnique(t *testing.T) {
	for room, routines := range Rooms() {
		seen := map[string]bool{}
		for _, r := range routines {
			key := r.Name + " " + r.ISA.String() + " " + r.Precision.String()
			assert.False(t, seen[key], "%s: %s", room, key)
			seen[key] = true
			assert.NotEqual(t, kernel.Generic, r.ISA, "%s: %s", room, key)
		}
	}
	assert.Len(t, Routines(), func() (n int) {
		for _, r := range Rooms() {
			n += len(r)
		}
		return n
	}())
}
