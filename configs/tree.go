package configs

import (
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"
	"gopkg.in/yaml.v3"

	"github.com/vertebra-vision/vertebra/internal/names"
)

// What is done to a file's tree before it is decoded: environment variables,
// merges, includes, and what a command line sets.

// Option changes how a file is read.
type Option func(*reading)

// Set puts values in the file's place, as a command line writes them:
// pipeline.batch.size=4, outputs=[C3, C5], pipeline.sources[0].file=a.avi. The
// value is YAML. What lacks on the way is made.
func Set(assignments ...string) Option {
	return func(r *reading) { r.set = append(r.set, assignments...) }
}

// reading is a file that is being read.
type reading struct {
	decoder
	set []string
}

// origin says that everything below a node stands in another file.
func (r *reading) origin(n *yaml.Node, name string) {
	if r.files == nil {
		r.files = map[*yaml.Node]string{}
	}
	r.files[n] = name
	for _, c := range n.Content {
		r.origin(c, name)
	}
}

var variable = regexp.MustCompile(`(\$+)\{([^}]*)(\}?)`)
var variableName = regexp.MustCompile(`^([A-Za-z_][A-Za-z0-9_]*)(:-(.*))?$`)

// expand replaces ${NAME} and ${NAME:-default} in values by environment
// variables; $${ stands for ${. A value without quotes is taken for what it
// then looks like: a number, for example.
func (r *reading) expand(n *yaml.Node, path string) {
	if n.Kind == yaml.ScalarNode && strings.Contains(n.Value, "${") {
		n.Value = variable.ReplaceAllStringFunc(n.Value, func(text string) string {
			m := variable.FindStringSubmatch(text)
			if len(m[1]) > 1 {
				return text[1:]
			}
			v := variableName.FindStringSubmatch(m[2])
			if v == nil || m[3] == "" {
				r.wrong(n, path, "expected ${NAME} or ${NAME:-default}, found %q; $${ stands for ${", shorten(text))
				return text
			}
			value, ok := os.LookupEnv(v[1])
			if value != "" || ok && v[2] == "" {
				return value
			}
			if v[2] == "" {
				r.wrong(n, path, "the environment variable %s is not set; ${%s:-default} gives it a default", v[1], v[1])
			}
			return v[3]
		})
		if n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|yaml.TaggedStyle) == 0 {
			n.Tag = ""
		}
	}
	for i, c := range n.Content {
		switch {
		case n.Kind == yaml.SequenceNode:
			r.expand(c, indexed(path, i))
		case i%2 == 1:
			r.expand(c, join(path, n.Content[i-1].Value))
		}
	}
}

var dollars = regexp.MustCompile(`\$+\{`)

// unexpanded is expand's inverse.
func unexpanded(s string) string {
	return dollars.ReplaceAllStringFunc(s, func(text string) string { return "$" + text })
}

// unmerge puts the keys that merges bring in their place: <<: *base, or a list of
// such. The mapping's own keys hold, then those of the first in the list.
func (r *reading) unmerge(n *yaml.Node, path string) {
	if n.Kind == yaml.MappingNode {
		r.take(n, r.bases(n, path), path)
	}
	for i, c := range n.Content {
		switch {
		case n.Kind == yaml.SequenceNode:
			r.unmerge(c, indexed(path, i))
		case i%2 == 1:
			r.unmerge(c, join(path, n.Content[i-1].Value))
		}
	}
}

// take gives a mapping the keys of others that it lacks.
func (r *reading) take(n *yaml.Node, bases []*yaml.Node, path string) {
	have := map[string]bool{}
	for i := 0; len(bases) > 0 && i < len(n.Content); i += 2 {
		have[n.Content[i].Value] = true
	}
	for _, base := range bases {
		r.unmerge(base, path)
		for i := 0; i+1 < len(base.Content); i += 2 {
			if key := base.Content[i]; !have[key.Value] {
				have[key.Value] = true
				n.Content = append(n.Content, key, r.alias(base.Content[i+1]))
			}
		}
	}
}

// bases takes the merges out of a mapping and lists what they name.
func (r *reading) bases(n *yaml.Node, path string) (list []*yaml.Node) {
	var own []*yaml.Node
	var merge *yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.ShortTag() != "!!merge" {
			own = append(own, key, value)
			continue
		}
		if merge != nil {
			r.wrong(key, join(path, "<<"), "appears twice, first in line %d; one may have a list: <<: [*a, *b]", merge.Line)
		}
		merge = key
		sources := []*yaml.Node{value}
		if v := resolved(value); v.Kind == yaml.SequenceNode {
			sources = v.Content
		}
		for _, s := range sources {
			if b := resolved(s); b.Kind == yaml.MappingNode {
				list = append(list, b)
			} else {
				r.wrong(s, join(path, "<<"), "expected keys with values to merge, such as <<: *base, or a list of such, found %s", describe(b))
			}
		}
	}
	n.Content = own
	return list
}

// alias stands for a value in another place.
func (r *reading) alias(n *yaml.Node) *yaml.Node {
	a := &yaml.Node{Kind: yaml.AliasNode, Alias: resolved(n), Line: n.Line, Column: n.Column}
	if file, ok := r.files[n]; ok {
		r.files[a] = file
	}
	return a
}

// maxIncludes bounds how deep shipped files include each other.
const maxIncludes = 4

// include puts a shipped configuration under the file's own keys.
func (r *reading) include(root *yaml.Node, depth int) (*yaml.Node, error) {
	n := child(root, "include")
	if n == nil {
		return root, nil
	}
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!str" {
		return root, nil // the decoder says so
	}
	data, err := readShipped(n.Value)
	if err != nil || depth == 0 {
		r.wrong(n, "include", "expected a shipped configuration, found %q%s", shorten(n.Value), names.DidYouMean(n.Value, Shipped()))
		return root, nil
	}
	name := n.Value + ".yaml"
	base, err := document(name, data)
	if err != nil {
		return nil, err
	}
	r.unmerge(base, "")
	r.origin(base, name)
	if base, err = r.include(base, depth-1); err != nil {
		return nil, err
	}
	without(base, "version") // each file says its own
	return merged(base, root), nil
}

// without takes a key out of a mapping.
func without(n *yaml.Node, key string) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			n.Content = slices.Delete(n.Content, i, i+2)
			return
		}
	}
}

// merged puts the keys of over over those of base. Mappings are merged; lists
// and scalars are replaced.
func merged(base, over *yaml.Node) *yaml.Node {
	if b, o := resolved(base), resolved(over); b.Kind == yaml.MappingNode && o.Kind == yaml.MappingNode {
		base, over = b, o
	}
	if base.Kind != yaml.MappingNode || over.Kind != yaml.MappingNode {
		return over
	}
	out := *over
	out.Content = slices.Clone(over.Content)
	for i := 0; i+1 < len(base.Content); i += 2 {
		key, value := base.Content[i], base.Content[i+1]
		at := -1
		for j := 0; j+1 < len(over.Content); j += 2 {
			if over.Content[j].Kind == yaml.ScalarNode && over.Content[j].Value == key.Value {
				at = j + 1
			}
		}
		if at < 0 {
			out.Content = append(out.Content, key, value)
			continue
		}
		out.Content[at] = merged(value, over.Content[at])
	}
	return &out
}

// step is a key or an index of a path.
var step = regexp.MustCompile(`^(?:\.?([A-Za-z_][A-Za-z0-9_]*)|\[([0-9]{1,6})\])`)

// assign applies one of Set's assignments.
func (r *reading) assign(root *yaml.Node, text string) error {
	name := "-set " + shorten(text)
	path, value, ok := strings.Cut(text, "=")
	if !ok || path == "" {
		return errors.Wrapf(ErrConfig, "%s: expected key.key=value", name)
	}
	if value == "" {
		value = `""`
	}
	node, err := document(name, []byte(value))
	if err != nil {
		return err
	}
	var clear func(n *yaml.Node)
	clear = func(n *yaml.Node) {
		n.Line, n.Column = 0, 0
		for _, c := range n.Content {
			clear(c)
		}
	}
	clear(node)
	r.origin(node, name)
	r.expand(node, path)
	r.unmerge(node, path)
	place := root
	for rest := path; rest != ""; {
		m := step.FindStringSubmatch(rest)
		if m == nil {
			return errors.Wrapf(ErrConfig, "%s: expected a path such as pipeline.sources[0].file", name)
		}
		rest = rest[len(m[0]):]
		if place, err = r.enter(place, m[1], m[2], name); err != nil {
			return err
		}
	}
	*place = *node
	r.origin(place, name)
	return nil
}

// enter is the value of a key or the entry of a list, made if it is missing. An
// empty place becomes a mapping or a list.
func (r *reading) enter(n *yaml.Node, key, index, name string) (*yaml.Node, error) {
	if n.Kind == yaml.AliasNode {
		return nil, errors.Wrapf(ErrConfig, "%s: it would change an alias, and with it other places", name)
	}
	kind, want := yaml.MappingNode, "keys with values"
	if key == "" {
		kind, want = yaml.SequenceNode, "a list"
	}
	if n.Kind == 0 {
		n.Kind = kind
	}
	if n.Kind != kind {
		return nil, errors.Wrapf(ErrConfig, "%s: expected %s before %q, found %s", name, want, key+index, describe(n))
	}
	fresh := &yaml.Node{}
	r.origin(fresh, name)
	if key != "" {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == key {
				return n.Content[i+1], nil
			}
		}
		k := &yaml.Node{Kind: yaml.ScalarNode, Value: key}
		r.origin(k, name)
		n.Content = append(n.Content, k, fresh)
		return fresh, nil
	}
	i, _ := strconv.Atoi(index)
	if i > len(n.Content) {
		return nil, errors.Wrapf(ErrConfig, "%s: the list has %d entries", name, len(n.Content))
	}
	if i == len(n.Content) {
		n.Content = append(n.Content, fresh)
	}
	return n.Content[i], nil
}
