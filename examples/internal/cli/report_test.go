package cli

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/configs"
)

// An error is a line, or a line for each of its details.
func TestReport(t *testing.T) {
	_, wrong := configs.Parse("a.yaml", []byte("version: 2\nmodel: {backbone: resnet18, thread: 1}\n"))
	require.Error(t, wrong)
	many := &backbone.LoadError{Source: "a.pth", Scheme: "torchvision", Missing: make([]string, 100)}
	for i := range many.Missing {
		many.Missing[i] = fmt.Sprint("key", i)
	}
	for name, c := range map[string]struct {
		err   error
		lines []string
	}{
		"one":           {errors.New("no such file"), []string{"x: no such file"}},
		"broken":        {errors.New("a\nb"), []string{`x: a\nb`}},
		"configuration": {wrong, []string{"x: a.yaml:1:10: version: expected 1, found 2", "x: a.yaml:2:29: model.thread: unknown key; did you mean threads, neck or labels?"}},
		"checkpoint": {
			fmt.Errorf("a.yaml:3:4: model.weights: %w", &backbone.LoadError{Source: "a.pth", Scheme: "torchvision", Missing: []string{"fc.bias 10"}, Hint: "do that"}),
			[]string{"x: a.yaml:3:4: model.weights: a.pth does not fit the model (read as torchvision keys)", "x: missing: fc.bias 10", "x: do that"},
		},
	} {
		var b strings.Builder
		report(&b, "x", c.err)
		assert.Equal(t, strings.Join(c.lines, "\n")+"\n", b.String(), name)
	}
	var b strings.Builder
	report(&b, "x", many)
	assert.Equal(t, maxDetails+1, strings.Count(b.String(), "\n"))
	assert.True(t, strings.HasSuffix(b.String(), "x: and 61 more\n"), b.String())
}
