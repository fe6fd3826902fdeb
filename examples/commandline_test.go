package examples

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

// Help is no error; what is wrong on a command line is, of one line and with 2.
func TestCommandLines(t *testing.T) {
	dir := t.TempDir()
	empty := map[string][]string{
		"benchmark": {"-chart", ""}, "evaluate": {"-data", ""}, "infer": {"-config", "cifar_resnet20", "-input", "", "-out", "x"},
		"video": {"-source", ""}, "segment": {"-model", "fcn_resnet50", ""},
	}
	for _, name := range names(t) {
		t.Run(name, func(t *testing.T) {
			help := run(t, dir, name, "-h")
			assert.Zero(t, help.code)
			assert.Contains(t, help.out, "usage: "+name+" ")
			assert.Contains(t, help.out, "\n  -")
			assert.Empty(t, help.errors)
			args, ok := empty[name]
			if !ok {
				args = []string{""}
			}
			for what, c := range map[string]struct {
				args []string
				says string
			}{
				"an unknown flag": {[]string{"-modle", "x"}, "-modle"},
				"a wrong value":   {[]string{"-" + number(name), "many"}, "many"},
				"an empty path":   {args, "empty"},
				"nothing":         {nil, ""},
				"a flag at last":  {append(network(t, name), "x.png", "-weights", "y"), ""},
			} {
				if what == "nothing" && name == "benchmark" {
					continue // measures
				}
				wrong := run(t, dir, name, c.args...)
				assert.Equal(t, 2, wrong.code, "%s: %s", what, wrong.errors)
				assert.Empty(t, wrong.out, what)
				if assert.Len(t, wrong.lines(), 1, what) {
					assert.Regexp(t, "^"+name+": .*"+c.says, wrong.lines()[0], what)
				}
			}
		})
	}
	assert.Empty(t, contents(t, dir), "nothing is written")
}

// number is a flag that takes no text.
func number(name string) string {
	switch name {
	case "benchmark":
		return "seconds"
	case "video":
		return "check=many"
	case "infer":
		return "check=many"
	}
	return "max-bad"
}

// Of what is missing the message says so and nothing else, and nothing is made.
func TestMissing(t *testing.T) {
	dir := t.TempDir()
	for name, args := range map[string][]string{
		"classify": {"nowhere.png"}, "features": {"-out", "out", "nowhere.png"}, "embed": {"nowhere"}, "evaluate": {"-data", "nowhere"},
		"detect":  {"-model", "fcos_resnet18_fpn", "-weights", "nowhere.pth", "-out", "out", "nowhere.png"},
		"segment": {"-model", "fcn_resnet50", "nowhere.png"},
		"infer":   {"-config", "cifar_resnet20", "-input", "nowhere.png", "-out", "out/x.safetensors"},
		"video":   {"-source", "nowhere.y4m"}, "benchmark": {"-weights", "nowhere.pth", "-model", "cifar_resnet20", "-seconds", "0"},
	} {
		t.Run(name, func(t *testing.T) {
			missing := run(t, dir, name, args...)
			assert.Equal(t, 1, missing.code)
			assert.Contains(t, missing.errors, "nowhere")
			assert.Empty(t, missing.out)
			assert.Empty(t, contents(t, dir))
		})
	}
}
