package vertebra_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/configs"
)

// What the pages of docs show works:
//
//   - go: a whole program is compiled, and run where a block of text with its
//     output follows; anything else stands word for word in an example that
//     the tests run
//   - sh: commands are run from the repository's root; those that end in
//     "# needs …" are checked for flags that exist
//   - yaml: parsed as configurations

// block is a fenced block of a page.
type block struct {
	page, lang, text string
	output           *string // of the block of text that follows
}

var fence = regexp.MustCompile("(?ms)^```([a-z]*)\n(.*?)^```$")

// blocks are those of a page's text.
func blocks(page, text string) []block {
	var list []block
	end := 0
	for _, m := range fence.FindAllStringSubmatchIndex(text, -1) {
		b := block{page: page, lang: text[m[2]:m[3]], text: text[m[4]:m[5]]}
		if b.lang == "text" && len(list) > 0 && strings.TrimSpace(text[end:m[0]]) == "" {
			list[len(list)-1].output = &b.text
		} else {
			list = append(list, b)
		}
		end = m[1]
	}
	return list
}

func (b block) isProgram() bool { return b.lang == "go" && strings.HasPrefix(b.text, "package ") }

// pages are the texts of docs by path.
func pages(t *testing.T) map[string]string {
	t.Helper()
	paths, err := filepath.Glob("docs/*.md")
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	texts := map[string]string{}
	for _, path := range append(paths, "SECURITY.md") {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		texts[path] = string(data)
	}
	return texts
}

// pageBlocks are the blocks of all pages, in order.
func pageBlocks(t *testing.T) []block {
	t.Helper()
	var list []block
	texts := pages(t)
	for _, page := range sortedKeys(texts) {
		list = append(list, blocks(page, texts[page])...)
	}
	return list
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

var (
	link        = regexp.MustCompile(`\]\(([^)#:]+)\)`)
	environment = regexp.MustCompile(`VERTEBRA_[A-Z_]+`)
)

func TestDocsRefer(t *testing.T) {
	texts := pages(t)
	known := environmentVariables(t)
	for page, text := range texts {
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			_, err := os.Stat(filepath.Join(filepath.Dir(page), m[1]))
			assert.NoError(t, err, page)
		}
		for _, name := range environment.FindAllString(text, -1) {
			assert.Contains(t, known, name, page)
		}
		if dir, name := filepath.Split(page); dir == "docs/" && name != "README.md" {
			assert.Contains(t, texts["docs/README.md"], "]("+name+")", "the index lacks the page")
		}
	}
}

// environmentVariables are those that the code names.
func environmentVariables(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, path := range sourceFiles(t) {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		names = append(names, environment.FindAllString(string(data), -1)...)
	}
	return names
}

// sourceFiles are the module's Go files that are no tests.
func sourceFiles(t *testing.T) []string {
	t.Helper()
	return goFiles(t, func(name string) bool { return !strings.HasSuffix(name, "_test.go") })
}

func goFiles(t *testing.T, want func(name string) bool) []string {
	t.Helper()
	var list []string
	for _, dir := range []string{"backbone", "configs", "examples", "fpn", "heads", "internal", "ops", "video", "weights"} {
		require.NoError(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, ".go") && want(path) {
				list = append(list, path)
			}
			return err
		}))
	}
	return list
}

// A fragment is a piece of an example, so that it compiles, and runs.
func TestDocsFragmentsAreOfExamples(t *testing.T) {
	var examples strings.Builder
	for _, path := range goFiles(t, func(name string) bool { return strings.HasSuffix(name, "example_test.go") }) {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		examples.Write(data)
	}
	for _, b := range pageBlocks(t) {
		if b.lang == "go" && !b.isProgram() {
			assert.Contains(t, examples.String(), b.text, b.page)
		}
	}
}

func TestDocsConfigurations(t *testing.T) {
	for _, b := range pageBlocks(t) {
		if b.lang == "yaml" {
			_, err := configs.Parse(b.page, []byte(b.text))
			assert.NoError(t, err)
		}
		assert.Contains(t, []string{"go", "sh", "yaml"}, b.lang, "%s: a block that no test looks at", b.page)
	}
}

// The programs become one, so that there is one to link: each is a package,
// and its main a function of that.
func TestDocsPrograms(t *testing.T) {
	dir := t.TempDir()
	root, err := filepath.Abs(".")
	require.NoError(t, err)
	// Files of an overlay lie in the module for the compiler alone.
	overlay := map[string]map[string]string{"Replace": {}}
	add := func(path, text string) {
		file := filepath.Join(dir, strings.ReplaceAll(path, "/", "_"))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
		overlay["Replace"][filepath.Join(root, path)] = file
	}
	shown := map[string]block{}
	imports, cases := "", ""
	for i, b := range pageBlocks(t) {
		if !b.isProgram() {
			continue
		}
		name := fmt.Sprintf("page%d", i)
		if b.output != nil {
			shown[name] = b
		}
		require.Contains(t, b.text, "\nfunc main() {\n", b.page)
		add("docs/"+name+"/main.go", strings.NewReplacer("package main\n", "package "+name+"\n", "\nfunc main() {\n", "\nfunc Main() {\n").Replace(b.text))
		imports += "import \"github.com/vertebra-vision/vertebra/docs/" + name + "\"\n"
		cases += "case \"" + name + "\": " + name + ".Main()\n"
	}
	require.NotEmpty(t, shown)
	add("docs/pages/main.go", "package main\n\nimport \"os\"\n"+imports+"func main() {\nswitch os.Args[1] {\n"+cases+"}\n}\n")
	data, err := json.Marshal(overlay)
	require.NoError(t, err)
	file, program := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "pages.exe")
	require.NoError(t, os.WriteFile(file, data, 0o644))
	command(t, root, "go", "build", "-ldflags=-s -w", "-overlay", file, "-o", program, "./docs/pages")
	work := workplace(t, root)
	for name, b := range shown {
		assert.Equal(t, *b.output, command(t, work, program, name), b.page)
	}
}

// workplace is a folder in which the repository's files are where they are in
// its root, and what programs write does no harm.
func workplace(t *testing.T, root string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"testdata", "examples"} {
		if err := os.Symlink(filepath.Join(root, name), filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, "out"), 0o755))
	return dir
}

// command runs something that downloads nothing, and returns what it prints.
func command(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	empty := t.TempDir()
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "VERTEBRA_CHECKPOINT_BASE_URL="+empty, "VERTEBRA_CACHE="+empty)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "%s %v: %s", name, args, stderr.String())
	return string(out)
}

// shellLine is a command of a block.
type shellLine struct {
	page, text string
	needs      bool // something that tests have not
}

func shellLines(t *testing.T) []shellLine {
	t.Helper()
	var list []shellLine
	for _, b := range pageBlocks(t) {
		if b.lang != "sh" {
			continue
		}
		for line := range strings.Lines(b.text) {
			text, _, needs := strings.Cut(strings.TrimSpace(line), " # needs ")
			list = append(list, shellLine{b.page, text, needs})
		}
	}
	return list
}

// harmless are commands that are not the repository's.
var harmless = regexp.MustCompile(`^(export VERTEBRA_[A-Z_]+=\S+|go get github.com/vertebra-vision/vertebra|go mod vendor|CGO_ENABLED=0 go build -mod=vendor \.)$`)

var goRun = regexp.MustCompile(`go run \./examples/(\w+)(.*)$`)

func TestDocsCommands(t *testing.T) {
	run := map[string][]shellLine{}
	for _, l := range shellLines(t) {
		m := goRun.FindStringSubmatch(l.text)
		switch {
		case m == nil:
			assert.Regexp(t, harmless, l.text, l.page)
			continue
		case !l.needs:
			require.NotContains(t, l.text, "|", l.page)
			run[m[1]] = append(run[m[1]], l)
		}
		known := exampleFlags(t, m[1])
		for _, arg := range strings.Fields(m[2]) {
			if len(arg) > 1 && arg[0] == '-' {
				assert.Contains(t, known, arg[1:], "%s: %s", l.page, l.text)
			}
		}
	}
	require.NotEmpty(t, run)
	if testing.Short() {
		return
	}
	root, err := filepath.Abs(".")
	require.NoError(t, err)
	bin, work := t.TempDir(), workplace(t, root)
	for _, name := range sortedKeys(run) {
		command(t, root, "go", "build", "-ldflags=-s -w", "-o", filepath.Join(bin, name+".exe"), "./examples/"+name)
		for _, l := range run[name] {
			args := strings.Fields(goRun.FindStringSubmatch(l.text)[2])
			assert.NotEmpty(t, command(t, work, filepath.Join(bin, name+".exe"), args...), l.text)
		}
	}
}

var flagName = regexp.MustCompile(`\.(?:String|Int|Float64|Bool|Duration|Func)(?:Var)?\((?:&[\w.]+, )?"([a-z-]+)"`)

// exampleFlags are the flags that an example's sources name, with those that
// examples share where it takes them.
func exampleFlags(t *testing.T, name string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("examples", name, "*.go"))
	require.NoError(t, err)
	var text strings.Builder
	for _, path := range paths {
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		text.Write(data)
	}
	if strings.Contains(text.String(), "cli.Network") {
		data, err := os.ReadFile("examples/internal/cli/cli.go")
		require.NoError(t, err)
		text.Write(data)
	}
	var flags []string
	for _, m := range flagName.FindAllStringSubmatch(text.String(), -1) {
		flags = append(flags, m[1])
	}
	require.NotEmpty(t, flags, "no example %s", name)
	return flags
}

// The mechanism sees blocks, their outputs and what needs something.
func TestDocsBlocks(t *testing.T) {
	out := "a\nb\n"
	got := blocks("p", "x\n```go\npackage main\n```\n\n```text\na\nb\n```\n\n```go\n\tf()\n```\nwords\n```text\nc\n```\n")
	assert.Equal(t, []block{
		{page: "p", lang: "go", text: "package main\n", output: &out},
		{page: "p", lang: "go", text: "\tf()\n"},
		{page: "p", lang: "text", text: "c\n"},
	}, got)
	assert.True(t, got[0].isProgram())
	assert.False(t, got[1].isProgram())
}
