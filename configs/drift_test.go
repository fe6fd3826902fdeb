package configs

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gopkg.in/yaml.v3"
)

// fullBackbone and fullSegmenter have the keys that full and fullPipeline lack.
const fullBackbone = `
version: 1
model:
  backbone: {name: mine, block: bottleneck, blocks: [1, 1, 1, 1], width: 32, stage_widths: [32, 64, 64, 64], groups: 1, width_per_group: 32, stride_in_1x1: false, shortcut: B, avg_down: false,
    stem: deep, in_channels: 3, norm: group, norm_eps: 0.5, norm_groups: 8, conv_bias: false, replace_stride_with_dilation: [false, false, true], no_classifier: true, seed: 5, zero_init_residual: false}
  neck: {levels: [C3, C4, C5], channels: 64, extra: max_pool, norm: batch, fuse: sum, bottom_up: false}
  detector: {kind: retinanet, classes: 4, score_threshold: 0.1, nms_threshold: 0.5, max_detections: 9, min_size: 300, max_size: 500}
`

const fullSegmenter = `
version: 1
include: resnet18
model:
  segmenter: {head: psp, classes: 7, auxiliary: true, rates: [6, 12], bins: [1, 2], level: C4}
`

// Whatever stands in a field's place, and whatever is left out, the schema and
// the decoder agree on whether it may. What the decoder alone can know, since
// it takes several fields or the environment together, is listed.
func TestSchemaAgreesOnEveryField(t *testing.T) {
	s, _ := schema(t)
	documents := []string{full, fullPipeline, fullBackbone, fullSegmenter}
	everyKey(t, documents)
	values := []string{"1", "-1", "0", "010", "0.5", "1.5", "x", `""`, `"1"`, "10s", "true", "null", "[]", "[1]", "[x]", "[1, 2, 3, 4]", "{}", "{a: 1}"}
	tried := 0
	for _, base := range documents {
		var root yaml.Node
		require.NoError(t, yaml.Unmarshal([]byte(base), &root))
		visit(root.Content[0], func(n *yaml.Node, drop func() func()) {
			own := *n
			for _, v := range values {
				var other yaml.Node
				require.NoError(t, yaml.Unmarshal([]byte(v), &other))
				*n = *other.Content[0]
				agree(t, s, &root, &tried)
			}
			*n = own
			if drop != nil {
				back := drop()
				agree(t, s, &root, &tried)
				back()
			}
		})
	}
	assert.Greater(t, tried, 3000)
}

// everyKey checks that the documents are valid, and that between them they have
// every key that the decoder knows.
func everyKey(t *testing.T, documents []string) {
	t.Helper()
	var text strings.Builder
	for _, d := range documents {
		_, err := Parse("x", []byte(d))
		require.NoError(t, err, d)
		text.WriteString(d)
	}
	for _, section := range []any{
		Config{}, Model{}, Backbone{}, Weights{}, Neck{}, Detector{}, Segmenter{}, Input{}, Preprocessing{}, Pipeline{}, Source{}, Raw{}, Reconnect{},
		Batch{}, Smoothing{}, Tracking{}, Annotate{}, Sink{}, VideoFile{}, ImageFolder{}, FeatureFolder{},
	} {
		for _, key := range keysOf(fieldsOf(reflect.ValueOf(section))) {
			assert.Regexp(t, `(^|[\s{])`+key+`:`, text.String(), "%T", section)
		}
	}
}

// visit calls f with every value of a document, and how to take it out of it.
func visit(n *yaml.Node, f func(n *yaml.Node, drop func() func())) {
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			continue
		}
		first := i
		if n.Kind == yaml.MappingNode {
			first--
		}
		f(c, func() func() {
			all := n.Content
			n.Content = slices.Delete(slices.Clone(all), first, i+1)
			return func() { n.Content = all }
		})
		visit(c, f)
	}
}

// beyondTheSchema are words of the errors that no JSON Schema could make.
var beyondTheSchema = []string{
	"there is no source", "two sources are called", "expected at most enter", "expected a time after start", "found no pixels", "expected a name for each of", "excludes detector and neck",
	"expected a shipped configuration", "expected at least min_size", "without a leading zero",
	"model.backbone: ", "model.backbone.", // what package backbone says of its fields together
}

func agree(t *testing.T, s *jsonschema.Schema, root *yaml.Node, tried *int) {
	t.Helper()
	*tried++
	text, err := yaml.Marshal(root)
	require.NoError(t, err)
	_, decoder := Parse("x", text)
	var v any
	require.NoError(t, yaml.Unmarshal(text, &v))
	asJSON, err := json.Marshal(v)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(asJSON, &v))
	validator := s.Validate(v)
	if (decoder == nil) == (validator == nil) {
		return
	}
	if decoder != nil && strings.Contains(decoder.Error(), "is missing") && strings.Contains(string(text), "include:") {
		return // in what the file and its include make together
	}
	if decoder != nil && slices.ContainsFunc(beyondTheSchema, func(words string) bool { return strings.Contains(decoder.Error(), words) }) {
		return
	}
	assert.Fail(t, "disagreement", "decoder: %v\nschema: %v\n%s", decoder, validator, text)
}
