package configs

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// String is the resolved file: the preset's fields in its place, and every
// field that is not at its zero value. Parsing it describes the same.
func (c *Config) String() string {
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(encode(reflect.ValueOf(*c))); err != nil {
		return fmt.Sprintf("# %v\n", err)
	}
	_ = e.Close()
	return b.String()
}

// encode is the decoder's inverse; nil leaves the key out.
func encode(v reflect.Value) *yaml.Node {
	switch x := v.Interface().(type) {
	case Bytes:
		if x == 0 {
			return nil
		}
		return text(x.encode())
	case Labels:
		if x.Source != "" {
			return text(x.Source)
		}
		return encode(reflect.ValueOf(x.Names))
	case Backbone:
		// The preset's fields are all here, as they were changed; its name
		// would bring back those that were changed to nothing.
		return encodeFields(reflect.ValueOf(x.Config))
	}
	if v.IsZero() || v.Kind() == reflect.Slice && v.Len() == 0 {
		return nil
	}
	switch v.Kind() {
	case reflect.Pointer:
		return encode(v.Elem())
	case reflect.Struct:
		return encodeFields(v)
	case reflect.Slice:
		n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		for i := range v.Len() {
			n.Content = append(n.Content, item(v.Index(i)))
		}
		return n
	}
	return item(v)
}

func encodeFields(v reflect.Value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() || f.Anonymous {
			continue
		}
		if value := encode(v.Field(i)); value != nil {
			n.Content = append(n.Content, text(keyOf(f)), value)
		}
	}
	return n
}

// item encodes a scalar, zero or not.
func item(v reflect.Value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode}
	switch v.Kind() {
	case reflect.String:
		return text(v.String())
	case reflect.Bool:
		n.Tag, n.Value = "!!bool", strconv.FormatBool(v.Bool())
	case reflect.Float64:
		n.Tag, n.Value = "!!float", strconv.FormatFloat(v.Float(), 'g', -1, 64)
		if v.Float() == math.Trunc(v.Float()) && !strings.Contains(n.Value, "e") {
			n.Value += ".0" // so that YAML takes it for a float without being told
		}
	default:
		n.Tag, n.Value = "!!int", fmt.Sprint(v.Interface())
	}
	return n
}

func text(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}
