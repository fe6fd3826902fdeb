package configs

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/vertebra-vision/vertebra/backbone"
)

// String is the resolved file: defaults filled in, a preset's fields beside
// its name, paths from the root. Parsing it gives the same configuration.
func (c *Config) String() string {
	whole := *c
	whole.resolvePaths()
	whole.Include = "" // its keys are here
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(encode(reflect.ValueOf(whole))); err != nil {
		return fmt.Sprintf("# %v\n", err)
	}
	_ = e.Close()
	return b.String()
}

// encode is the decoder's inverse.
func encode(v reflect.Value) *yaml.Node {
	switch x := v.Interface().(type) {
	case Bytes:
		return text(x.encode())
	case Duration:
		return text(time.Duration(x).String())
	case Labels:
		if x.Source != "" {
			return text(x.Source)
		}
		return encode(reflect.ValueOf(x.Names))
	case Weights:
		if reflect.DeepEqual(x, Weights{Source: x.Source}) {
			return text(x.Source)
		}
	case Backbone:
		base := Backbone{}
		base.Config, _ = backbone.Preset(x.Preset) // nothing without a preset
		return encodeFields(v, reflect.ValueOf(base))
	case Preprocessing:
		return encodeFields(v, reflect.ValueOf(defaultPreprocessing()))
	}
	switch v.Kind() {
	case reflect.Pointer:
		return encode(v.Elem())
	case reflect.Struct:
		return encodeFields(v, reflect.Zero(v.Type()))
	case reflect.Slice, reflect.Array:
		n := &yaml.Node{Kind: yaml.SequenceNode, Style: yaml.FlowStyle}
		if v.Type().Elem().Kind() == reflect.Struct {
			n.Style = 0
		}
		for i := range v.Len() {
			n.Content = append(n.Content, encode(v.Index(i)))
		}
		return n
	}
	return scalar(v)
}

// encodeFields leaves out the fields that are nothing in v and in base, which
// has what the decoder begins with.
func encodeFields(v, base reflect.Value) *yaml.Node {
	n := &yaml.Node{Kind: yaml.MappingNode}
	defaults := fieldsOf(base)
	for i, f := range fieldsOf(v) {
		if !f.value.IsZero() || !defaults[i].value.IsZero() {
			n.Content = append(n.Content, text(f.key), encode(f.value))
		}
	}
	return n
}

func scalar(v reflect.Value) *yaml.Node {
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

// text is quoted where YAML would take it for something else: the encoder sees
// to all but merges. Lines are escaped, since the encoder's blocks lose leading
// newlines and tabs.
func text(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(unexpanded(s))
	if s == "<<" || strings.ContainsRune(s, '\n') {
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}
