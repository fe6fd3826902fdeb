package configs

import (
	"fmt"
	"sort"
	"strings"

	"github.com/pkg/errors"
	"gopkg.in/yaml.v3"

	"github.com/vertebra-vision/vertebra/internal/names"
)

// ErrConfig is wrapped by every error about a file's content.
var ErrConfig = errors.New("invalid configuration")

// ProblemsError is what is wrong with a file's values. It wraps ErrConfig.
type ProblemsError struct {
	// Problems are "file:line:column: key: what is wrong", in the order of the
	// file; where there are many the last one says how many more.
	Problems []string
}

// Error is one line with all the problems; Details has a line for each.
func (e *ProblemsError) Error() string {
	return strings.Join(e.Problems, "; ") + ": " + ErrConfig.Error()
}

// Details is Problems.
func (e *ProblemsError) Details() []string { return e.Problems }

// Unwrap makes errors.Is(err, ErrConfig) true.
func (e *ProblemsError) Unwrap() error { return ErrConfig }

type problem struct {
	file         string // "" is the file itself
	line, column int
	path         string
	text         string
}

type problems []problem

// maxProblems bounds an error's length.
const maxProblems = 20

// error lists the problems in the order of the file; nil if there are none.
func (p problems) error(name string) error {
	if len(p) == 0 {
		return nil
	}
	sort.SliceStable(p, func(i, j int) bool {
		if p[i].file != p[j].file {
			return p[i].file < p[j].file
		}
		return p[i].line < p[j].line || p[i].line == p[j].line && p[i].column < p[j].column
	})
	var lines []string
	for _, x := range p[:min(len(p), maxProblems)] {
		lines = append(lines, fmt.Sprintf("%s: %s: %s", position(name, x.file, x.line, x.column), pathName(x.path), x.text))
	}
	if more := len(p) - maxProblems; more > 0 {
		lines = append(lines, fmt.Sprintf("%s: and %d more", name, more))
	}
	return &ProblemsError{lines}
}

// position is "file:line:column", or what a command line sets, which has no
// line.
func position(name, file string, line, column int) string {
	if file != "" {
		name = file
	}
	if line == 0 {
		return name
	}
	return fmt.Sprintf("%s:%d:%d", name, line, column)
}

func pathName(path string) string {
	if path == "" {
		return "the file"
	}
	return path
}

// shorten makes a file's text fit for a message: of one line, of bounded
// length, without control characters.
func shorten(text string) string {
	const most = 60
	clean := names.Printable(text[:min(len(text), 4*most)])
	if runes := []rune(clean); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return clean
}

// where is "file:line:column: path" of a value, for errors that come after
// parsing. A value that the file does not have, because the caller changed it,
// has no line.
func (c *Config) where(path, value string) string {
	name := c.name
	if name == "" {
		name = "configuration"
	}
	n, ok := c.nodes[path]
	if !ok || resolved(n).Kind == yaml.ScalarNode && resolved(n).Value != value {
		return name + ": " + path
	}
	return position(name, c.files[n], n.Line, n.Column) + ": " + path
}
