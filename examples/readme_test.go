package examples

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/internal/reftest"
)

// command is an example's command in a text: go run ./examples/NAME ARGS, to
// the end of the line, of the code or to a comment.
var command = regexp.MustCompile("go run \\./examples/(\\w+)([^`\n#]*)")

// placeholders stand for what a reader fills in.
var placeholders = map[string]string{
	"IMAGE…": "photo.jpg", "IMAGE": "photo.jpg", "FOLDER": "photographs", `FOLDER\|FILE.tar.gz`: "photographs", `FOLDER\|IMAGE…`: "photographs", "NAME": "cifar_resnet20",
}

// own are the placeholders' meanings for one example.
var own = map[string]func(t *testing.T) map[string]string{
	"detect": func(t *testing.T) map[string]string {
		return map[string]string{"MODEL": "fcos_resnet18_fpn", "FILE": detector(t)}
	},
	"segment": func(t *testing.T) map[string]string {
		return map[string]string{"MODEL": "fcn_resnet50", "FILE": segmenter(t)}
	},
	"infer": func(*testing.T) map[string]string { return map[string]string{"FILE": classifier()} },
	"video": func(*testing.T) map[string]string { return map[string]string{"FILE": "photographs/cat"} },
}

// The commands of the README and the Makefile run as they stand there, in an
// empty folder but for the files that they name. What would be downloaded ends
// where that begins, so its flags and names are right at least.
func TestREADME(t *testing.T) {
	root := reftest.Root()
	tried := map[string]bool{}
	for _, file := range []string{"README.md", "Makefile"} {
		text, err := os.ReadFile(filepath.Join(root, file))
		require.NoError(t, err)
		found := command.FindAllStringSubmatch(string(text), -1)
		require.NotEmpty(t, found, file)
		for _, match := range found {
			name := match[1]
			tried[name] = true
			t.Run(file+" "+strings.TrimSpace(match[0]), func(t *testing.T) {
				dir := empty(t)
				args := filled(t, name, strings.Fields(match[2]))
				ended := run(t, dir, name, args...)
				if ended.code == 1 && strings.Contains(ended.errors, "fetch failed") {
					assert.Empty(t, ended.out)
					return
				}
				assert.Zero(t, ended.code, ended.errors)
				assert.NotEmpty(t, ended.out)
				for i, arg := range args {
					if slices.Contains([]string{"-out", "-cam", "-jsonl", "-json", "-chart"}, arg) {
						_, err := os.Stat(filepath.Join(dir, args[i+1]))
						assert.NoError(t, err, "%s makes it", arg)
					}
				}
			})
		}
	}
	for _, name := range names(t) {
		assert.True(t, tried[name], "the README does not say how to run %s", name)
	}
}

// empty makes a folder with what the commands name: the repository's own files,
// and a reader's photographs and checkpoint.
func empty(t *testing.T) string {
	t.Helper()
	root, dir := reftest.Root(), t.TempDir()
	for _, name := range []string{"testdata", "examples"} {
		if err := os.Symlink(filepath.Join(root, name), filepath.Join(dir, name)); err != nil {
			t.Skip(err)
		}
	}
	photographs(t, dir, "photo.jpg", "photographs/cat/1.png", "photographs/3/2.png")
	return dir
}

// filled replaces placeholders. A reader's own checkpoint of a large network is
// taken for the published one.
func filled(t *testing.T, name string, args []string) []string {
	t.Helper()
	var meaning map[string]string
	if f, ok := own[name]; ok {
		meaning = f(t)
	}
	for i, arg := range args {
		if value, ok := meaning[arg]; ok {
			args[i] = value
		} else if value, ok := placeholders[arg]; ok {
			args[i] = value
		} else if arg == "resnet50.pth" {
			args[i] = "resnet50/IMAGENET1K_V2"
		}
		assert.NotRegexp(t, `^[A-Z]{4,}`, args[i], "a placeholder that this test does not know")
	}
	if name == "benchmark" {
		args = append(args, "-seconds", "0") // shorter than a reader wants it
	}
	return args
}
