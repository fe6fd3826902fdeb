package configs

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/ops/transform"
)

const full = `
version: 1
model:
  backbone:
    output_stride: 16       # the preset may come last
    num_classes: 7
    width_multiplier: 0.25
    avg_down: false
    preset: resnet50d
  weights: {source: net.pth, allow_missing: ["fc.*"], ignore_unexpected: [], replace_classifier: true, under: model.ema, adapt_input_channels: true}
  labels: [a, b, c, d, e, f, g]
  threads: 2
  memory_limit: 512MiB
input:
  preprocessing: {resize: 64, crop: 56, mean: [0, 0.5, 1], std: [1, 1, 0.5], interpolation: bicubic}
outputs: [C3, logits]
`

func TestParse(t *testing.T) {
	c, err := Parse("full.yaml", []byte(full))
	require.NoError(t, err)
	want := backbone.ResNet50D()
	want.OutputStride, want.NumClasses, want.WidthMultiplier, want.AvgDown = 16, 7, 0.25, false
	assert.Equal(t, want, c.Model.Backbone.Config)
	assert.Equal(t, Weights{Source: "net.pth", Under: "model.ema", AllowMissing: []string{"fc.*"}, ReplaceClassifier: true, AdaptInputChannels: true}, c.Model.Weights)
	assert.Equal(t, Bytes(512<<20), c.Model.MemoryLimit)
	assert.Equal(t, []string{"C3", "logits"}, c.Outputs)
	assert.Equal(t, transform.Classification{
		Resize: 64, Crop: 56, Mean: [3]float32{0, 0.5, 1}, Std: [3]float32{1, 1, 0.5}, Interpolation: transform.Bicubic,
	}, c.Input.Preprocessing.transform())
}

func TestDefaults(t *testing.T) {
	c, err := Parse("x", []byte("version: 1\nmodel: {backbone: resnet18}"))
	require.NoError(t, err)
	assert.Equal(t, backbone.ResNet18(), c.Model.Backbone.Config)
	assert.Equal(t, []string{"logits"}, c.Outputs)
	c, err = Parse("x", []byte("version: 1\nmodel: {backbone: {preset: cifar_resnet20, no_classifier: true}}"))
	require.NoError(t, err)
	assert.Equal(t, []string{"C4"}, c.Outputs)
}

// The resolved text describes the same, and is its own resolved text.
func TestStringIsAFixedPoint(t *testing.T) {
	for _, text := range []string{
		full,
		"version: 1\nmodel: {backbone: plain34, weights: a.pth, labels: voc21, memory_limit: 1000}",
		"version: 1\nmodel: {backbone: {blocks: [1, 2], block: basic, replace_stride_with_dilation: [true]}}",
		"version: 1\nmodel: {backbone: {preset: ResNet50_V1, stride_in_1x1: false, norm_eps: 1e-3}}",
		"version: 1\nmodel: {backbone: resnet18, weights: {source: 'null', replace_classifier: true}}",
		"version: 1\nmodel: {backbone: resnet18}\ninput: {preprocessing: {mean: [0, 0, 0]}}\noutputs: ['1', 'a: b']",
	} {
		c, err := Parse("x", []byte(text))
		require.NoError(t, err)
		requireSame(t, c)
	}
	c, err := Parse("x", []byte("version: 1\nmodel: {backbone: {preset: resnet50d, avg_down: false}, memory_limit: 3145728}"))
	require.NoError(t, err)
	assert.Contains(t, c.String(), "preset: resnet50d\n")
	assert.Contains(t, c.String(), "avg_down: false\n", "it is not the preset's")
	assert.Contains(t, c.String(), "memory_limit: 3MiB\n")
}

func TestErrorsSayWhereAndWhat(t *testing.T) {
	head := "version: 1\nmodel:\n  backbone: resnet18\n"
	cases := map[string]struct{ text, says string }{
		"unknown key":       {head + "  wieghts: a\n", "x.yaml:4:3: model.wieghts: unknown key; did you mean weights"},
		"unknown top":       {head + "output: [C3]\n", "x.yaml:4:1: output: unknown key; did you mean outputs"},
		"duplicate":         {head + "  threads: 1\n  threads: 2\n", "x.yaml:5:3: model.threads: appears twice, first in line 4"},
		"wrong type":        {head + "  threads: two\n", `x.yaml:4:12: model.threads: expected an integer, found "two"`},
		"quoted number":     {head + "  threads: \"2\"\n", `expected an integer, found "2"`},
		"float for integer": {head + "  threads: 1.5\n", `expected an integer, found 1.5`},
		"threads":           {head + "  threads: 10000\n", "x.yaml:4:12: model.threads: expected 1 to 1024, found 10000"},
		"list for scalar":   {head + "  threads: [1]\n", "expected an integer, found a list"},
		"scalar for list":   {head + "outputs: C3\n", `x.yaml:4:10: outputs: expected a list, found "C3"`},
		"null":              {head + "outputs: [~]\n", "outputs[0]: expected text, found nothing"},
		"memory":            {head + "  memory_limit: 2GB\n", "model.memory_limit: expected an amount of memory"},
		"memory overflow":   {head + "  memory_limit: 9000000000000000000GiB\n", "expected an amount of memory"},
		"preset":            {"version: 1\nmodel:\n  backbone: resnet51\n", "x.yaml:3:13: model.backbone: no preset \"resnet51\"; did you mean resnet50"},
		"backbone":          {"version: 1\nmodel:\n  backbone: {preset: resnet50, output_stride: 24}\n", "x.yaml:3:47: model.backbone.output_stride: output_stride is 24, want a power of two"},
		"no backbone":       {"version: 1\nmodel: {}\n", "x.yaml:2:8: model.backbone: is missing"},
		"no block":          {"version: 1\nmodel:\n  backbone: {blocks: [1, 1]}\n", `x.yaml:3:13: model.backbone: block is ""`},
		"wrong block":       {"version: 1\nmodel:\n  backbone: {blocks: [1, 1], block: big}\n", `x.yaml:3:37: model.backbone.block: block is "big", want "basic"`},
		"two at odds":       {"version: 1\nmodel:\n  backbone: {preset: resnet50, replace_stride_with_dilation: [true, true, true], output_stride: 8}\n", "output_stride or replace_stride_with_dilation, not both"},
		"zero":              {"version: 1\nmodel:\n  backbone: {preset: resnet50, width: 0}\n", "x.yaml:3:39: model.backbone.width: expected a value other than 0; leave the key out"},
		"preset no text":    {"version: 1\nmodel:\n  backbone: {preset: 50}\n", "x.yaml:3:22: model.backbone.preset: expected text, found 50"},
		"number for text":   {head + "  labels: [1, b]\n", "x.yaml:4:12: model.labels[0]: expected text, found 1; put it in quotes"},
		"too few labels":    {head + "  labels: [a, b]\n", "x.yaml:4:11: model.labels: expected a name for each of 1000 classes, found 2"},
		"no labels":         {head + "  labels: []\n", "model.labels: expected at least one entry"},
		"output twice":      {head + "outputs: [C3, C4, C3]\n", `x.yaml:4:19: outputs[2]: "C3" appears twice`},
		"no source":         {head + "  weights: {replace_classifier: true}\n", "x.yaml:4:12: model.weights.source: is missing"},
		"glob":              {head + "  weights: {source: a, allow_missing: ['[']}\n", "x.yaml:4:40: model.weights.allow_missing[0]: expected a glob"},
		"key of a list":     {head + "  ? [threads]\n  : 1\n", "x.yaml:4:5: model: expected a key, found a list of 1"},
		"alias as key":      {"version: 1\nmodel:\n  backbone: &threads resnet18\n  *threads : 1\n", "x.yaml:4:3: model: expected a key, found an alias"},
		"merge":             {"version: 1\nmodel:\n  backbone: resnet18\n  <<: {threads: 1}\n", "found a merge (<<)"},
		"not a number":      {head + "input: {preprocessing: {mean: [0, .nan, 0]}}\n", "input.preprocessing.mean[1]: expected -1000 to 1000, found .nan"},
		"no model":          {"version: 1\n", "x.yaml:1:1: model: is missing"},
		"version":           {"version: 2\nmodel: {backbone: resnet18}\n", "x.yaml:1:10: version: expected 1, found 2"},
		"no version":        {"model: {backbone: resnet18}\n", "x.yaml:1:1: version: is missing"},
		"mean":              {head + "input: {preprocessing: {mean: [1, 2]}}\n", "x.yaml:4:31: input.preprocessing.mean: expected a list of 3, found a list of 2"},
		"std":               {head + "input: {preprocessing: {std: [1, 0, 1]}}\n", "x.yaml:4:34: input.preprocessing.std[1]: expected 1e-06 to 1000, found 0"},
		"interpolation":     {head + "input: {preprocessing: {interpolation: cubic}}\n", "expected bilinear, bicubic or nearest"},
		"resize":            {head + "input: {preprocessing: {resize: -1}}\n", "input.preprocessing.resize: expected 0 to 65536, found -1"},
		"syntax":            {"version: 1\nmodel: [\n", "x.yaml:"},
		"tab":               {"version: 1\nmodel:\n\tbackbone: resnet18\n", "x.yaml:3:1: found character that cannot start any token"},
		"two documents":     {head + "---\nversion: 1\n", "a second document"},
		"empty":             {"", "the file is empty"},
		"only a comment":    {"# nothing\n", "the file is empty"},
		"a list":            {"- 1\n", "x.yaml:1:1: the file: expected keys with values"},
		"bomb": {"a: &a [1,1,1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n" +
			"d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n", "more than 100000 values"},
		"huge": {strings.Repeat("#", maxFile+1), "at most"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("x.yaml", []byte(c.text))
			require.ErrorIs(t, err, ErrConfig)
			assert.ErrorContains(t, err, c.says)
		})
	}
}

func TestAllProblemsAtOnce(t *testing.T) {
	_, err := Parse("x.yaml", []byte("version: one\nmodel:\n  backbone: {preset: resnet18, blokcs: [1]}\n  threads: x\n"))
	require.ErrorIs(t, err, ErrConfig)
	for _, s := range []string{"x.yaml:1:10: version", "x.yaml:3:32: model.backbone.blokcs", "x.yaml:4:12: model.threads"} {
		assert.ErrorContains(t, err, s)
	}
}

// An error has the first problems only, in the order of the file, and says how
// many more there are.
func TestManyProblems(t *testing.T) {
	text := "version: 1\nmodel: {backbone: resnet18}\n"
	for i := range 50 {
		text += fmt.Sprintf("%s%d: 1\n", strings.Repeat("key", 300), i)
	}
	_, err := Parse("x.yaml", []byte(text))
	require.ErrorIs(t, err, ErrConfig)
	assert.Equal(t, maxProblems+1, strings.Count(err.Error(), "\n")+1)
	assert.ErrorContains(t, err, "x.yaml: and 30 more")
	assert.Less(t, len(err.Error()), 10000)
	assert.Regexp(t, `^x.yaml:3:1: .*\nx.yaml:4:1: `, err.Error())
}

// A preset and its keys may be aliases.
func TestAliases(t *testing.T) {
	c, err := Parse("x", []byte("version: &one 1\nmodel: {backbone: {name: &p resnet34, preset: *p}, threads: *one}"))
	require.NoError(t, err)
	assert.Equal(t, backbone.ResNet34(), c.Model.Backbone.Config)
	assert.Equal(t, 1, c.Model.Threads)
}

func TestSnakeCase(t *testing.T) {
	for name, want := range map[string]string{
		"WidthPerGroup": "width_per_group", "StrideIn1x1": "stride_in_1x1", "Seed": "seed",
		"ReplaceStrideWithDilation": "replace_stride_with_dilation", "NormEps": "norm_eps",
	} {
		assert.Equal(t, want, snakeCase(name))
	}
}

// Any text survives being written and read.
func TestStringKeepsText(t *testing.T) {
	for _, text := range []string{
		"<<", "1", "null", "", " a ", "a: b", "#", "a\nb", "\n", "\n\n a", "  a\nb\n\n", "a\r\nb", "\ta\n b", "---\nx", "a\u2028\nb", "\ufeff\na", "a\x00",
	} {
		c, err := Parse("x", []byte("version: 1\nmodel: {backbone: resnet18}"))
		require.NoError(t, err)
		c.Model.Weights.Source, c.Outputs = text, []string{text}
		again, err := Parse("x", []byte(c.String()))
		require.NoError(t, err, "%q", text)
		assert.Equal(t, text, again.Model.Weights.Source)
		assert.Equal(t, text, again.Outputs[0])
	}
}
