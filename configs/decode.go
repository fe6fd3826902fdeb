package configs

import (
	"fmt"
	"reflect"
	"sort"
	"strings"
	"unicode"

	"gopkg.in/yaml.v3"

	"github.com/vertebra-vision/vertebra/internal/names"
)

// position is where a value stands in a file.
type position struct{ line, column int }

func at(n *yaml.Node) position { return position{n.Line, n.Column} }

// decoder fills structs from YAML nodes and collects what is wrong. Keys are
// the fields' yaml tags or, without one, their names in snake case.
type decoder struct {
	problems []problem
}

type problem struct {
	at   position
	path string
	text string
}

// maxProblems bounds an error's length.
const maxProblems = 20

func (d *decoder) wrong(n *yaml.Node, path, format string, args ...any) {
	if len(d.problems) < maxProblems {
		d.problems = append(d.problems, problem{at(n), path, fmt.Sprintf(format, args...)})
	}
}

// custom is implemented by types that have a form of their own in the file.
type custom interface {
	decode(d *decoder, n *yaml.Node, path string)
}

// value decodes a node into v.
func (d *decoder) value(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if c, ok := v.Addr().Interface().(custom); ok {
		c.decode(d, n, path)
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.value(n, v.Elem(), path)
	case reflect.Struct:
		d.mapping(n, v, path)
	case reflect.Slice:
		d.list(n, v, path)
	default:
		d.scalar(n, v, path)
	}
}

// mapping decodes the keys of a node into a struct's fields.
func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string) {
	fields := fieldsOf(v)
	d.keys(n, path, func(key, value *yaml.Node, path string) bool {
		field, ok := fields[key.Value]
		if ok {
			d.value(value, field, path)
		}
		return ok
	}, fields)
}

// keys visits a mapping's pairs and reports keys that are unknown or appear
// twice.
func (d *decoder) keys(n *yaml.Node, path string, visit func(key, value *yaml.Node, path string) bool, known map[string]reflect.Value) {
	if n.Kind != yaml.MappingNode {
		d.wrong(n, path, "expected keys with values (%s), found %s", strings.Join(sortedKeys(known), ", "), kindName(n))
		return
	}
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		where := join(path, key.Value)
		if line, ok := first[key.Value]; ok {
			d.wrong(key, where, "appears twice, first in line %d", line)
			continue
		}
		first[key.Value] = key.Line
		if !visit(key, value, where) {
			d.wrong(key, where, "unknown key%s", names.DidYouMean(key.Value, sortedKeys(known)))
		}
	}
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		d.wrong(n, path, "expected a list, found %s", kindName(n))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.value(item, v.Index(i), fmt.Sprintf("%s[%d]", path, i))
	}
}

// scalar decodes numbers, truth values and text, of exactly that type: a
// quoted "5" is no number.
func (d *decoder) scalar(n *yaml.Node, v reflect.Value, path string) {
	want := map[reflect.Kind]string{
		reflect.String: "text", reflect.Bool: "true or false",
		reflect.Int: "an integer", reflect.Uint64: "an integer that is not negative", reflect.Float64: "a number",
	}[v.Kind()]
	tags := map[reflect.Kind]string{
		reflect.String: "!!str", reflect.Bool: "!!bool", reflect.Int: "!!int", reflect.Uint64: "!!int", reflect.Float64: "!!float !!int",
	}[v.Kind()]
	if n.Kind != yaml.ScalarNode || !strings.Contains(tags, n.ShortTag()) || n.Decode(v.Addr().Interface()) != nil {
		d.wrong(n, path, "expected %s, found %s", want, kindName(n))
	}
}

// kindName says what a node is.
func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys with values"
	case yaml.SequenceNode:
		return "a list"
	}
	if n.ShortTag() == "!!null" {
		return "nothing"
	}
	text := n.Value
	if len(text) > 60 {
		text = text[:60] + "…"
	}
	return fmt.Sprintf("%q", text)
}

// fieldsOf lists the fields of a struct by their keys.
func fieldsOf(v reflect.Value) map[string]reflect.Value {
	fields := map[string]reflect.Value{}
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() && !f.Anonymous {
			fields[keyOf(f)] = v.Field(i)
		}
	}
	return fields
}

func keyOf(f reflect.StructField) string {
	if tag := f.Tag.Get("yaml"); tag != "" {
		return tag
	}
	return snakeCase(f.Name)
}

// snakeCase turns WidthPerGroup into width_per_group and StrideIn1x1 into
// stride_in_1x1.
func snakeCase(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		starts := unicode.IsUpper(r) || unicode.IsDigit(r) && i > 0 && unicode.IsLower(runes[i-1]) && runes[i-1] != 'x'
		if starts && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func sortedKeys(m map[string]reflect.Value) []string {
	list := make([]string, 0, len(m))
	for k := range m {
		list = append(list, k)
	}
	sort.Strings(list)
	return list
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
