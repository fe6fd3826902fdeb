package configs

import (
	"bytes"
	"embed"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"github.com/pkg/errors"
	"gopkg.in/yaml.v3"

	"github.com/vertebra-vision/vertebra/internal/names"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

// ErrConfig is wrapped by every error about a file's content. Its text has a
// line "file:line:column: key: what is wrong" for each problem.
var ErrConfig = errors.New("invalid configuration")

//go:embed models/*.yaml
var shipped embed.FS

// Shipped lists the configurations that come with the SDK.
func Shipped() []string {
	entries, _ := fs.ReadDir(shipped, "models")
	list := make([]string, len(entries))
	for i, e := range entries {
		list[i] = strings.TrimSuffix(e.Name(), ".yaml")
	}
	return list
}

// Load reads a file, or a shipped configuration where there is no such file.
func Load(path string) (*Config, error) {
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return nil, errors.Wrapf(ErrConfig, "%s is a folder", path)
	case err == nil && info.Size() > maxFile:
		return nil, errors.Wrapf(ErrConfig, "%s has %d bytes, at most %d are possible", path, info.Size(), maxFile)
	case errors.Is(err, fs.ErrNotExist):
		if data, err := shipped.ReadFile("models/" + path + ".yaml"); err == nil {
			return Parse(path+".yaml", data)
		}
		return nil, errors.Wrapf(ErrConfig, "there is neither a file nor a shipped configuration %q%s", path, names.DidYouMean(path, Shipped()))
	case err != nil:
		return nil, errors.Wrap(ErrConfig, err.Error())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, errors.Wrap(ErrConfig, err.Error())
	}
	c, err := Parse(path, data)
	if err != nil {
		return nil, err
	}
	c.dir = filepath.Dir(path)
	return c, nil
}

// Bounds on what is parsed: a file's size, and its values once aliases are
// followed.
const (
	maxFile  = 1 << 20
	maxNodes = 100000
)

// Parse reads a document. name stands for it in messages. Relative paths in
// it begin at the working directory.
func Parse(name string, data []byte) (*Config, error) {
	if len(data) > maxFile {
		return nil, errors.Wrapf(ErrConfig, "%s has %d bytes, at most %d are possible", name, len(data), maxFile)
	}
	root, err := document(name, data)
	if err != nil {
		return nil, err
	}
	c := &Config{name: name}
	d := &decoder{}
	d.value(root, reflect.ValueOf(c).Elem(), "")
	if len(d.problems) == 0 {
		c.check(d, root)
	}
	if len(d.problems) > 0 {
		return nil, c.error(d.problems)
	}
	c.fill()
	return c, nil
}

// document parses YAML: exactly one document.
func document(name string, data []byte) (*yaml.Node, error) {
	var doc, second yaml.Node
	d := yaml.NewDecoder(bytes.NewReader(data))
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, errors.Wrapf(ErrConfig, "%s:1:1: the file is empty", name)
		}
		return nil, syntaxError(name, err)
	}
	if err := d.Decode(&second); !errors.Is(err, io.EOF) {
		if err != nil {
			return nil, syntaxError(name, err)
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
func syntaxError(name string, err error) error {
	line, text := 1, strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = m[2]
	}
	return errors.Wrapf(ErrConfig, "%s:%d:1: %s", name, line, text)
}

func (c *Config) error(problems []problem) error {
	lines := make([]string, len(problems))
	for i, p := range problems {
		path := p.path
		if path == "" {
			path = "the file"
		}
		lines[i] = fmt.Sprintf("%s:%d:%d: %s: %s", c.name, p.at.line, p.at.column, path, p.text)
	}
	return errors.WithMessage(ErrConfig, strings.Join(lines, "\n"))
}

// check validates what the types do not.
func (c *Config) check(d *decoder, root *yaml.Node) {
	if c.Version != Version {
		d.wrong(nodeAt(root, "version"), "version", "expected %d, found %d", Version, c.Version)
	}
	if err := c.Model.Backbone.Validate(); err != nil {
		d.wrong(nodeAt(root, "model", "backbone"), "model.backbone", "%v", err)
	}
	if t := c.Model.Threads; t < 0 || t > 1024 {
		d.wrong(nodeAt(root, "model", "threads"), "model.threads", "expected 1 to 1024, found %d", t)
	}
	if p := c.Input.Preprocessing; p != nil {
		p.check(d, nodeAt(root, "input", "preprocessing"))
	}
}

func (p *Preprocessing) check(d *decoder, n *yaml.Node) {
	const path = "input.preprocessing"
	if p.Resize < 0 || p.Crop < 0 || p.Resize > maxSide || p.Crop > maxSide {
		d.wrong(n, path, "resize and crop are lengths from 0 to %d", maxSide)
	}
	for _, v := range []struct {
		name   string
		values []float64
	}{{"mean", p.Mean}, {"std", p.Std}} {
		if len(v.values) != 0 && len(v.values) != 3 {
			d.wrong(n, path+"."+v.name, "expected 3 numbers, for red, green and blue, found %d", len(v.values))
		}
	}
	for _, s := range p.Std {
		if !(s > 0) {
			d.wrong(n, path+".std", "expected numbers above 0, found %v", s)
		}
	}
	switch p.Interpolation {
	case "", transform.Bilinear, transform.Bicubic, transform.Nearest:
	default:
		d.wrong(n, path+".interpolation", "expected %s, %s or %s, found %q", transform.Bilinear, transform.Bicubic, transform.Nearest, p.Interpolation)
	}
}

const maxSide = 1 << 16

// nodeAt finds a section for a message, or what there is of the way to it.
func nodeAt(n *yaml.Node, keys ...string) *yaml.Node {
	for _, key := range keys {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Kind == yaml.MappingNode && n.Content[i].Value == key {
				n = n.Content[i+1]
				break
			}
		}
	}
	return n
}

// fill puts the defaults where the file says nothing.
func (c *Config) fill() {
	if len(c.Outputs) == 0 {
		c.Outputs = []string{"logits"}
		if c.Model.Backbone.NoClassifier {
			c.Outputs = []string{fmt.Sprintf("C%d", len(c.Model.Backbone.Blocks)+1)}
		}
	}
}
