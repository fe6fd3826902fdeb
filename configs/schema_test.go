package configs

import (
	"encoding/json"
	"image"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/ops/transform"
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

// Every key that the decoder takes is in the schema, and the other way round;
// so are the rules that the fields' tags state.
func TestSchemaHasTheDecodersFields(t *testing.T) {
	_, tree := schema(t)
	model := lookup(t, tree, "properties", "model")
	pipeline := lookup(t, tree, "properties", "pipeline")
	source := lookup(t, pipeline, "properties", "sources", "items")
	sink := lookup(t, pipeline, "properties", "sinks", "items")
	for _, c := range []struct {
		kinds  []string
		schema any
	}{{sourceKinds, source}, {sinkKinds, sink}} {
		var kinds []any
		for _, kind := range c.kinds {
			kinds = append(kinds, map[string]any{"required": []any{kind}})
		}
		assert.Equal(t, kinds, lookup(t, c.schema, "oneOf"))
	}
	// What a file without an include must have: an include may bring it.
	without := lookup(t, tree, "anyOf", 1)
	alone := map[reflect.Type]any{
		reflect.TypeFor[Config]():    lookup(t, without, "required"),
		reflect.TypeFor[Model]():     lookup(t, without, "properties", "model", "required"),
		reflect.TypeFor[Detector]():  lookup(t, without, "properties", "model", "properties", "detector", "required"),
		reflect.TypeFor[Segmenter](): lookup(t, without, "properties", "model", "properties", "segmenter", "required"),
		reflect.TypeFor[Weights]():   lookup(t, without, "properties", "model", "properties", "weights", "required"),
		reflect.TypeFor[Pipeline]():  lookup(t, without, "properties", "pipeline", "required"),
	}
	assert.Equal(t, durationForm.String(), lookup(t, source, "properties", "stall", "pattern"))
	for _, c := range []struct{ schema, section any }{
		{tree, Config{}},
		{model, Model{}},
		{lookup(t, model, "properties", "backbone", "anyOf", 1), Backbone{}},
		{lookup(t, model, "properties", "weights", "anyOf", 1), Weights{}},
		{lookup(t, model, "properties", "neck"), Neck{}},
		{lookup(t, model, "properties", "detector"), Detector{}},
		{lookup(t, model, "properties", "segmenter"), Segmenter{}},
		{lookup(t, tree, "properties", "input"), Input{}},
		{lookup(t, tree, "properties", "input", "properties", "preprocessing"), Preprocessing{}},
		{pipeline, Pipeline{}},
		{source, Source{}},
		{lookup(t, source, "properties", "raw"), Raw{}},
		{lookup(t, source, "properties", "reconnect"), Reconnect{}},
		{lookup(t, pipeline, "properties", "batch"), Batch{}},
		{lookup(t, pipeline, "properties", "smoothing"), Smoothing{}},
		{lookup(t, pipeline, "properties", "tracking"), Tracking{}},
		{lookup(t, pipeline, "properties", "annotate"), Annotate{}},
		{sink, Sink{}},
		{lookup(t, sink, "properties", "video"), VideoFile{}},
		{lookup(t, sink, "properties", "images"), ImageFolder{}},
		{lookup(t, sink, "properties", "features"), FeatureFolder{}},
	} {
		fields := fieldsOf(reflect.ValueOf(c.section))
		properties := lookup(t, c.schema, "properties").(map[string]any)
		assert.ElementsMatch(t, keysOf(fields), slices.Collect(maps.Keys(properties)), "%T", c.section)
		assert.Equal(t, false, lookup(t, c.schema, "additionalProperties"))
		var required []any
		for _, f := range fields {
			if f.required {
				required = append(required, f.key)
			}
			property := properties[f.key].(map[string]any)
			assert.NotEmpty(t, property["description"], f.key)
			sameRules(t, f, property)
		}
		list, _ := optional(c.schema, "required").([]any)
		if more, ok := alone[reflect.TypeOf(c.section)]; ok {
			list = append(slices.Clone(list), more.([]any)...)
		}
		assert.ElementsMatch(t, required, list, "%T", c.section)
	}
}

// sameRules compares a field's tags with a property. Fields of package
// backbone have none.
func sameRules(t *testing.T, f field, property map[string]any) {
	t.Helper()
	assert.Equal(t, f.rules.nonempty, property["minItems"] == 1.0 && property["maxItems"] == nil, f.key)
	assert.Equal(t, f.rules.unique, property["uniqueItems"] == true, f.key)
	if f.rules.enum != nil {
		assert.ElementsMatch(t, f.rules.enum, property["enum"], f.key)
	}
	if f.rules.min == noRules.min {
		return
	}
	kind := f.value.Type()
	if kind.Kind() == reflect.Pointer {
		kind = kind.Elem()
	}
	if kind.Kind() == reflect.Array {
		assert.EqualValues(t, kind.Len(), property["minItems"], f.key)
		assert.EqualValues(t, kind.Len(), property["maxItems"], f.key)
	}
	if kind.Kind() == reflect.Array || kind.Kind() == reflect.Slice {
		property = property["items"].(map[string]any)
	}
	if fixed, ok := property["const"]; ok {
		property = map[string]any{"minimum": fixed, "maximum": fixed}
	}
	assert.Equal(t, f.rules.min, property["minimum"], f.key)
	assert.Equal(t, f.rules.max, property["maximum"], f.key)
}

func optional(tree any, key string) any {
	if v, ok := tree.(map[string]any)[key]; ok {
		return v
	}
	return []any(nil)
}

// The schema's lists of values are those of the packages that own them: the
// presets, and what backbone's and transform's errors say they want.
func TestSchemaListsTheValues(t *testing.T) {
	_, tree := schema(t)
	var presets []string
	for _, p := range lookup(t, tree, "$defs", "preset", "enum").([]any) {
		presets = append(presets, p.(string))
	}
	assert.Equal(t, backbone.Presets(), presets)

	properties := lookup(t, tree, "properties", "model", "properties", "backbone", "anyOf", 1, "properties")
	wrong := func(change func(*backbone.Config)) error {
		c := backbone.ResNet18()
		change(&c)
		return c.Validate()
	}
	_, interpolation := transform.Resize(image.NewGray(image.Rect(0, 0, 1, 1)), 2, 2, "?")
	for _, c := range []struct {
		property any
		err      error
	}{
		{lookup(t, properties, "block"), wrong(func(c *backbone.Config) { c.Block = "?" })},
		{lookup(t, properties, "shortcut"), wrong(func(c *backbone.Config) { c.Shortcut = "?" })},
		{lookup(t, properties, "stem"), wrong(func(c *backbone.Config) { c.Stem = "?" })},
		{lookup(t, properties, "norm"), wrong(func(c *backbone.Config) { c.Norm = "?" })},
		{lookup(t, tree, "properties", "input", "properties", "preprocessing", "properties", "interpolation"), interpolation},
	} {
		require.Error(t, c.err)
		var want []any
		for _, m := range regexp.MustCompile(`"(\w+)"`).FindAllStringSubmatch(c.err.Error(), -1) {
			want = append(want, m[1])
		}
		assert.ElementsMatch(t, want, lookup(t, c.property, "enum"), "%v", c.err)
	}
	memory := lookup(t, tree, "properties", "model", "properties", "memory_limit", "anyOf")
	assert.EqualValues(t, int64(maxBytes), lookup(t, memory, 0, "maximum"))
	assert.Equal(t, amount.String(), lookup(t, memory, 1, "pattern"))
}

// Editors find the schema from the shipped files.
func TestShippedFilesNameTheSchema(t *testing.T) {
	for _, name := range Shipped() {
		text, err := readShipped(name)
		require.NoError(t, err)
		assert.True(t, strings.HasPrefix(string(text), "# yaml-language-server: $schema=../"+schemaFile+"\n"), name)
	}
}

// The schema and the decoder accept and reject the same documents.
func TestSchemaAgreesWithTheDecoder(t *testing.T) {
	s, _ := schema(t)
	head := "version: 1\nmodel: {backbone: resnet18}\n"
	good := []string{
		full, head,
		"version: 1\nmodel: {backbone: {preset: resnet18, output_stride: 0, num_classes: 2}, labels: ['0', '1'], memory_limit: 10 MiB}",
		"version: 1\nmodel: {backbone: resnet18, weights: {source: a.pth, allow_missing: []}}",
		"version: 1\nmodel: {backbone: {block: basic, blocks: [1, 1], stem: cifar, norm: group, norm_groups: 8}}",
		"version: 1\nmodel: {backbone: {preset: resnet50, replace_stride_with_dilation: [false, true, true]}, weights: a.pth, memory_limit: 1000}",
		head + "input: {preprocessing: {std: [0.5, 1, 2]}}",
		fullPipeline,
		"version: 1\ninclude: resnet18",
		head + "pipeline: {sources: [{camera: 0}], annotate: {}, sinks: []}",
		head + "x-anything: [1, {a: b}]",
		"x-m: &m {threads: 2}\nversion: 1\nmodel: {<<: *m, backbone: resnet18}",
		head + "pipeline: {sources: [&a {camera: 0}, {<<: *a, name: b}]}",
	}
	for _, name := range Shipped() {
		text, err := readShipped(name)
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
		"version: 1\nmodel: {backbone: resnet18, weights: {replace_classifier: true}}",
		"version: 1\nmodel: {backbone: resnet18, threads: 0}",
		"version: 1\nmodel: {backbone: resnet18, labels: []}",
		"version: 1\nmodel: {backbone: resnet18, labels: [0, 1]}",
		"version: 1\nmodel: {backbone: resnet18, memory_limit: +5KiB}",
		"version: 1\nmodel: {backbone: {preset: resnet18, groups: 0}}",
		"version: 1\nmodel: {backbone: {preset: resnet18, norm: ''}}",
		"version: 1\nmodel: {backbone: {preset: resnet18, norm_eps: 0}}",
		head + "outputs: []", head + "outputs: [C3, C4, C3]", head + "outputs: [3]", head + "input:",
		head + "input: {preprocessing: {std: [1, 1e-9, 1]}}",
		head + "outputs: C3", head + "output: [C3]",
		head + "input: {preprocessing: {mean: [1]}}",
		head + "input: {preprocessing: {std: [1, -1, 1]}}",
		head + "input: {preprocessing: {interpolation: area}}",
		head + "input: {preprocessing: {crop: 1.5}}",
		"version: 1\ninclude: [resnet18]",
		"version: 1\nmodel: {backbone: resnet18, x-a: 1}", head + "xa: 1",
		"x-m: &m {thread: 2}\nversion: 1\nmodel: {<<: *m, backbone: resnet18}",
		head + "pipeline: {}",
		head + "pipeline: {sources: []}",
		head + "pipeline: {sources: [{}]}",
		head + "pipeline: {sources: [{file: a.avi, camera: 0}]}",
		head + "pipeline: {sources: [{file: ''}]}",
		head + "pipeline: {sources: [{camera: -1}]}",
		head + "pipeline: {sources: [{file: a, stall: 10}]}",
		head + "pipeline: {sources: [{file: a, stall: 0s}]}",
		head + "pipeline: {sources: [{file: a, policy: newest}]}",
		head + "pipeline: {sources: [{file: a, region: [1, 2, 3]}]}",
		head + "pipeline: {sources: [{raw: {path: a, width: 1}}]}",
		head + "pipeline: {sources: [{file: a}], sinks: [{}]}",
		head + "pipeline: {sources: [{file: a}], sinks: [{jsonl: a, http: b}]}",
		head + "pipeline: {sources: [{file: a}], sinks: [{images: {folder: a, format: gif}}]}",
		head + "pipeline: {sources: [{file: a}], sinks: [{jsonl: a, sources: []}]}",
		head + "pipeline: {sources: [{file: a}], batch: {size: 0}}",
		head + "pipeline: {sources: [{file: a}], smoothing: {enter: 2}}",
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
