package configs

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/vertebra-vision/vertebra/internal/names"
)

// decoder fills structs from YAML nodes and collects what is wrong.
type decoder struct {
	problems problems
	nodes    map[string]*yaml.Node // by path
	files    map[*yaml.Node]string // of what does not stand in the file itself
}

func (d *decoder) wrong(n *yaml.Node, path, format string, args ...any) {
	d.problems = append(d.problems, problem{d.files[n], n.Line, n.Column, path, fmt.Sprintf(format, args...)})
}

// custom is implemented by types that have a form of their own in the file.
type custom interface {
	decode(d *decoder, n *yaml.Node, path string)
}

// checked is implemented by types that must keep more than their fields'
// rules. check is called when nothing was wrong with the fields.
type checked interface {
	check(d *decoder, n *yaml.Node, path string)
}

// value decodes a node into v.
func (d *decoder) value(n *yaml.Node, v reflect.Value, r rules, path string) {
	d.nodes[path] = n
	before := len(d.problems)
	n = resolved(n)
	this := v.Addr().Interface()
	if c, ok := this.(custom); ok {
		c.decode(d, n, path)
	} else {
		d.plain(n, v, r, path)
	}
	if c, ok := this.(checked); ok && len(d.problems) == before {
		c.check(d, n, path)
	}
}

// plain decodes what has no form of its own.
func (d *decoder) plain(n *yaml.Node, v reflect.Value, r rules, path string) {
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), r, path)
	case reflect.Struct:
		d.mapping(n, v, path)
	case reflect.Slice, reflect.Array:
		d.list(n, v, r, path)
	default:
		d.scalar(n, v, r, path)
	}
}

// mapping decodes the keys of a node into a struct's fields.
func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string) {
	fields := fieldsOf(v)
	if n.Kind != yaml.MappingNode {
		d.wrong(n, path, "expected keys with values (%s), found %s", strings.Join(keysOf(fields), ", "), describe(n))
		return
	}
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" {
			d.wrong(key, path, "expected a key, found %s", describe(key))
			continue
		}
		if path == "" && strings.HasPrefix(key.Value, "x-") {
			continue // what aliases may stand for
		}
		where := join(path, key.Value)
		if line, ok := first[key.Value]; ok {
			d.wrong(key, where, "appears twice, first in line %d", line)
			continue
		}
		first[key.Value] = key.Line
		if f := find(fields, key.Value); f != nil {
			d.value(value, f.value, f.rules, where)
		} else {
			d.wrong(key, where, "unknown key%s", unknownKey(key.Value, keysOf(fields)))
		}
	}
	for _, f := range fields {
		if _, ok := first[f.key]; !ok && f.required {
			d.wrong(n, join(path, f.key), "is missing")
		}
	}
}

func unknownKey(key string, known []string) string {
	if strings.HasPrefix(key, "x-") {
		return "; keys that begin with x- may stand at the top alone"
	}
	return names.DidYouMean(key, known)
}

// list decodes into a slice, or into an array, which has a length of its own.
func (d *decoder) list(n *yaml.Node, v reflect.Value, r rules, path string) {
	want := "a list"
	if v.Kind() == reflect.Array {
		want = fmt.Sprintf("a list of %d", v.Len())
	}
	if n.Kind != yaml.SequenceNode || v.Kind() == reflect.Array && len(n.Content) != v.Len() {
		d.wrong(n, path, "expected %s, found %s", want, describe(n))
		return
	}
	if v.Kind() == reflect.Slice {
		v.SetZero()
		if len(n.Content) > 0 {
			v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
		} else if r.nonempty {
			d.wrong(n, path, "expected at least one entry")
		}
	}
	first := map[any]int{}
	for i, item := range n.Content {
		where := indexed(path, i)
		before := len(d.problems)
		d.value(item, v.Index(i), r, where)
		if !r.unique || len(d.problems) > before {
			continue
		}
		x := v.Index(i).Interface()
		if line, ok := first[x]; ok {
			d.wrong(item, where, "%q appears twice, first in line %d", shorten(fmt.Sprint(x)), line)
		}
		first[x] = item.Line
	}
}

// scalarKinds says what a scalar may be: in words, and by YAML's tags. A
// quoted "5" is no number, and 5 is no text.
var scalarKinds = map[reflect.Kind]struct{ words, tags string }{
	reflect.String:  {"text", "!!str"},
	reflect.Bool:    {"true or false", "!!bool"},
	reflect.Int:     {"an integer", "!!int"},
	reflect.Uint64:  {"an integer that is not negative", "!!int"},
	reflect.Float64: {"a number", "!!float !!int"},
}

func (d *decoder) scalar(n *yaml.Node, v reflect.Value, r rules, path string) {
	if v.Kind() != reflect.String && d.leadingZero(n, path) {
		return
	}
	want := scalarKinds[v.Kind()]
	if n.Kind != yaml.ScalarNode || !strings.Contains(want.tags, n.ShortTag()) || n.Decode(v.Addr().Interface()) != nil {
		hint := ""
		if v.Kind() == reflect.String && n.Kind == yaml.ScalarNode && n.ShortTag() != "!!null" {
			hint = "; put it in quotes"
		}
		d.wrong(n, path, "expected %s, found %s%s", want.words, describe(n), hint)
		return
	}
	if expected := r.broken(v); expected != "" {
		d.wrong(n, path, "%s, found %s", expected, describe(n))
	}
}

var zeroFirst = regexp.MustCompile(`^([-+]?)0[0-9_]*[0-9]$`)

// leadingZero reports an integer such as 010, which is ten to people and to YAML
// 1.2, and eight to YAML 1.1 and to the parser.
func (d *decoder) leadingZero(n *yaml.Node, path string) bool {
	m := zeroFirst.FindStringSubmatch(n.Value)
	if m == nil || n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" && n.ShortTag() != "!!float" {
		return false
	}
	sign := strings.TrimPrefix(m[1], "+")
	digits := strings.TrimLeft(strings.ReplaceAll(n.Value[len(m[1]):], "_", ""), "0")
	if digits == "" {
		digits = "0"
	}
	octal := ""
	if digits != "0" && !strings.ContainsAny(digits, "89") {
		octal = fmt.Sprintf(", or %s0o%s for the octal number", sign, shorten(digits))
	}
	d.wrong(n, path, "expected a number without a leading zero, found %s: write %s%s%s", describe(n), sign, shorten(digits), octal)
	return true
}

// resolved is what an alias stands for, or the node itself.
func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// describe says what a node is.
func describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys with values"
	case yaml.SequenceNode:
		return fmt.Sprintf("a list of %d", len(n.Content))
	case yaml.AliasNode:
		return "an alias"
	}
	switch n.ShortTag() {
	case "!!null":
		return "nothing"
	case "!!merge":
		return "a merge (<<), which has no meaning here"
	case "!!str":
		return fmt.Sprintf("%q", shorten(n.Value))
	}
	return shorten(n.Value)
}

// join is the path of a key.
func join(path, key string) string {
	key = shorten(key)
	if path == "" {
		return key
	}
	return path + "." + key
}

// indexed is the path of a list's entry.
func indexed(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
