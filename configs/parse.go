package configs

import (
	"bytes"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/pkg/errors"
	"gopkg.in/yaml.v3"
)

// Version is the schema's version that this package reads.
const Version = 1

// maxNodes bounds the values of a file once aliases are followed.
const maxNodes = 100000

// Parse reads a document. name stands for it in messages. Relative paths in
// it begin at the working directory. ${NAME} and ${NAME:-default} in values
// stand for environment variables. The error wraps ErrConfig and says everything
// that is wrong, up to a limit.
func Parse(name string, data []byte, opts ...Option) (*Config, error) {
	if len(data) > maxFile {
		return nil, errors.Wrapf(ErrConfig, "%s is too large, at most %d bytes are possible", name, maxFile)
	}
	root, err := document(name, data)
	if err != nil {
		return nil, err
	}
	r := &reading{decoder: decoder{nodes: map[string]*yaml.Node{}}}
	for _, o := range opts {
		o(r)
	}
	r.expand(root, "")
	r.unmerge(root, "")
	if root, err = r.include(root, maxIncludes); err != nil {
		return nil, err
	}
	for _, text := range r.set {
		if err := r.assign(root, text); err != nil {
			return nil, err
		}
	}
	left := maxNodes // an include or an assignment may have brought more
	if !countNodes(root, &left) {
		return nil, errors.Wrapf(ErrConfig, "%s: more than %d values once aliases are followed", name, maxNodes)
	}
	c := &Config{name: name}
	if len(r.problems) == 0 {
		r.value(root, reflect.ValueOf(c).Elem(), noRules, "")
	}
	if err := r.problems.error(name); err != nil {
		return nil, err
	}
	c.nodes, c.files = r.nodes, r.files
	c.fill()
	return c, nil
}

// document parses YAML: exactly one document.
func document(name string, data []byte) (*yaml.Node, error) {
	data, err := prepared(name, data)
	if err != nil {
		return nil, err
	}
	var doc, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.Wrapf(ErrConfig, "%s:1:1: the file is empty", name)
		}
		return nil, syntaxError(name, data, err)
	}
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, syntaxError(name, data, err)
		}
		return nil, errors.Wrapf(ErrConfig, "%s:%d:1: a second document; there may be one", name, second.Line)
	}
	left := maxNodes
	if !countNodes(doc.Content[0], &left) {
		return nil, errors.Wrapf(ErrConfig, "%s: more than %d values once aliases are followed", name, maxNodes)
	}
	return doc.Content[0], nil
}

// countNodes visits everything, following aliases, and reports false when
// there are too many: an alias may stand for itself.
func countNodes(n *yaml.Node, left *int) bool {
	if *left--; *left < 0 {
		return false
	}
	if n.Kind == yaml.AliasNode {
		return countNodes(n.Alias, left)
	}
	for _, c := range n.Content {
		if !countNodes(c, left) {
			return false
		}
	}
	return true
}

var yamlLine = regexp.MustCompile(`^yaml: line (\d+): (.*)$`)

// syntaxError brings yaml's messages to the form of ours.
func syntaxError(name string, data []byte, err error) error {
	line, text := 1, strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = m[2]
	}
	if at, ok := indentingTab(data, line); ok {
		return at.error(name, "a tab, and YAML indents with spaces: replace it (%s)", text)
	}
	return place{line: line, column: 1}.error(name, "%s", text)
}

// fill puts the defaults where the file says nothing.
func (c *Config) fill() {
	if len(c.Outputs) == 0 {
		c.Outputs = c.Model.defaultOutputs()
	}
}
