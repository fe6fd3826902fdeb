package configs

import (
	"encoding/json"
	"os"
	"reflect"
	"sort"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/vertebra-vision/vertebra/backbone"
)

const schemaFile = "vertebra.schema.json"

func schema(t *testing.T) (*jsonschema.Schema, map[string]any) {
	t.Helper()
	text, err := os.ReadFile(schemaFile)
	require.NoError(t, err)
	var tree map[string]any
	require.NoError(t, json.Unmarshal(text, &tree))
	s, err := jsonschema.NewCompiler().Compile(schemaFile)
	require.NoError(t, err)
	return s, tree
}

// lookup follows keys and indices into the schema.
func lookup(t *testing.T, tree any, path ...any) any {
	t.Helper()
	for _, key := range path {
		switch k := key.(type) {
		case string:
			tree = tree.(map[string]any)[k]
		case int:
			tree = tree.([]any)[k]
		}
		require.NotNil(t, tree, "%v", path)
	}
	return tree
}

// Every key that the decoder takes is in the schema, and the other way round.
func TestSchemaHasTheDecodersKeys(t *testing.T) {
	_, tree := schema(t)
	model := lookup(t, tree, "properties", "model")
	for _, c := range []struct {
		section any
		fields  map[string]reflect.Value
	}{
		{tree, fieldsOf(reflect.ValueOf(Config{}))},
		{model, fieldsOf(reflect.ValueOf(Model{}))},
		{lookup(t, model, "properties", "weights", "anyOf", 1), fieldsOf(reflect.ValueOf(Weights{}))},
		{lookup(t, tree, "properties", "input"), fieldsOf(reflect.ValueOf(Input{}))},
		{lookup(t, tree, "properties", "input", "properties", "preprocessing"), fieldsOf(reflect.ValueOf(Preprocessing{}))},
		{lookup(t, model, "properties", "backbone", "anyOf", 1), func() map[string]reflect.Value {
			m := fieldsOf(reflect.ValueOf(backbone.Config{}))
			m["preset"] = reflect.Value{}
			return m
		}()},
	} {
		var have []string
		for key, v := range lookup(t, c.section, "properties").(map[string]any) {
			have = append(have, key)
			_, described := v.(map[string]any)["description"]
			assert.True(t, described || key == "version" || key == "weights", "%s has no description", key)
		}
		sort.Strings(have)
		assert.Equal(t, sortedKeys(c.fields), have)
		assert.Equal(t, false, lookup(t, c.section, "additionalProperties"))
	}
	var presets []string
	for _, p := range lookup(t, model, "properties", "backbone", "anyOf", 0, "enum").([]any) {
		presets = append(presets, p.(string))
	}
	assert.Equal(t, backbone.Presets(), presets)
}

// The schema and the decoder accept and reject the same documents.
func TestSchemaAgreesWithTheDecoder(t *testing.T) {
	s, _ := schema(t)
	head := "version: 1\nmodel: {backbone: resnet18}\n"
	good := []string{
		full, head,
		head + "outputs: []",
		"version: 1\nmodel: {backbone: {block: basic, blocks: [1, 1], stem: cifar, norm: group, norm_groups: 8}}",
		"version: 1\nmodel: {backbone: {preset: resnet50, replace_stride_with_dilation: [false, true, true]}, weights: a.pth, memory_limit: 1000}",
		head + "input: {preprocessing: {std: [0.5, 1, 2]}}",
	}
	for _, name := range Shipped() {
		text, err := shipped.ReadFile("models/" + name + ".yaml")
		require.NoError(t, err)
		good = append(good, string(text))
	}
	bad := []string{
		"version: 2\nmodel: {backbone: resnet18}", "model: {backbone: resnet18}", "version: 1", "[]",
		"version: 1\nmodel: {backbone: resnet19}",
		"version: 1\nmodel: {backbone: {preset: resnet18, shortcut: D}}",
		"version: 1\nmodel: {backbone: {preset: resnet18, blocks: [0]}}",
		"version: 1\nmodel: {backbone: {preset: resnet18, width: -1}}",
		"version: 1\nmodel: {backbone: {preset: resnet18, bloks: [1]}}",
		"version: 1\nmodel: {backbone: resnet18, threads: 2000}",
		"version: 1\nmodel: {backbone: resnet18, memory_limit: lots}",
		"version: 1\nmodel: {backbone: resnet18, weights: [a]}",
		head + "outputs: C3", head + "output: [C3]",
		head + "input: {preprocessing: {mean: [1]}}",
		head + "input: {preprocessing: {std: [1, -1, 1]}}",
		head + "input: {preprocessing: {interpolation: area}}",
		head + "input: {preprocessing: {crop: 1.5}}",
	}
	for _, c := range []struct {
		texts []string
		ok    bool
	}{{good, true}, {bad, false}} {
		for _, text := range c.texts {
			_, err := Parse("x", []byte(text))
			assert.Equal(t, c.ok, err == nil, "decoder: %v\n%s", err, text)
			var v any
			require.NoError(t, yaml.Unmarshal([]byte(text), &v))
			asJSON, err := json.Marshal(v)
			require.NoError(t, err)
			require.NoError(t, json.Unmarshal(asJSON, &v))
			assert.Equal(t, c.ok, s.Validate(v) == nil, "schema: %v\n%s", s.Validate(v), text)
		}
	}
}
