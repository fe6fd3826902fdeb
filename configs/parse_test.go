package configs

import (
	"encoding/binary"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/ops/transform"
	"github.com/vertebra-vision/vertebra/video"
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
	t.Setenv("VERTEBRA_TEST_OCTAL", "010")
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
		"empty weights":     {head + "  weights: ''\n", "x.yaml:4:12: model.weights: expected a checkpoint's path or name, found nothing; leave the key out"},
		"empty source":      {head + "  weights: {source: ''}\n", "x.yaml:4:12: model.weights: expected a checkpoint's path or name"},
		"empty glob":        {head + "  weights: {source: a, ignore_unexpected: ['']}\n", "model.weights.ignore_unexpected[0]: expected a glob such as fc.*, found \"\" (an empty pattern"},
		"glob":              {head + "  weights: {source: a, allow_missing: ['[']}\n", "x.yaml:4:40: model.weights.allow_missing[0]: expected a glob"},
		"key of a list":     {head + "  ? [threads]\n  : 1\n", "x.yaml:4:5: model: expected a key, found a list of 1"},
		"alias as key":      {"version: 1\nmodel:\n  backbone: &threads resnet18\n  *threads : 1\n", "x.yaml:4:3: model: expected a key, found an alias"},
		"merge of a number": {"version: 1\nmodel:\n  backbone: resnet18\n  <<: 5\n", "x.yaml:4:7: model.<<: expected keys with values to merge, such as <<: *base, or a list of such, found 5"},
		"merge of numbers":  {"version: 1\nmodel:\n  backbone: resnet18\n  <<: [{threads: 1}, 5]\n", "x.yaml:4:22: model.<<: expected keys"},
		"two merges":        {"version: 1\nmodel:\n  backbone: resnet18\n  <<: {}\n  <<: {}\n", "x.yaml:5:3: model.<<: appears twice, first in line 4; one may have a list"},
		"merged":            {"x-a: &a {thread: 1}\nversion: 1\nmodel: {<<: *a, backbone: resnet18}\n", "x.yaml:1:10: model.thread: unknown key"},
		"merge as value":    {head + "outputs: [<<]\n", "found a merge (<<)"},
		"quoted merge":      {head + "  '<<': {threads: 1}\n", "x.yaml:4:3: model.<<: unknown key"},
		"x- below":          {head + "  x-a: 1\n", "x.yaml:4:3: model.x-a: unknown key; keys that begin with x- may stand at the top alone"},
		"not a number":      {head + "input: {preprocessing: {mean: [0, .nan, 0]}}\n", "input.preprocessing.mean[1]: expected -1000 to 1000, found .nan"},
		"no model":          {"version: 1\n", "x.yaml:1:1: model: is missing"},
		"version":           {"version: 2\nmodel: {backbone: resnet18}\n", "x.yaml:1:10: version: expected 1, found 2"},
		"no version":        {"model: {backbone: resnet18}\n", "x.yaml:1:1: version: is missing"},
		"mean":              {head + "input: {preprocessing: {mean: [1, 2]}}\n", "x.yaml:4:31: input.preprocessing.mean: expected a list of 3, found a list of 2"},
		"std":               {head + "input: {preprocessing: {std: [1, 0, 1]}}\n", "x.yaml:4:34: input.preprocessing.std[1]: expected 1e-06 to 1000, found 0"},
		"interpolation":     {head + "input: {preprocessing: {interpolation: cubic}}\n", "expected bilinear, bicubic or nearest"},
		"resize":            {head + "input: {preprocessing: {resize: -1}}\n", "input.preprocessing.resize: expected 0 to 65536, found -1"},
		"syntax":            {"version: 1\nmodel: [\n", "x.yaml:"},
		"tab":               {"version: 1\nmodel:\n\tbackbone: resnet18\n", "x.yaml:3:1: a tab, and YAML indents with spaces"},
		"tab 2":             {"version: 1\nmodel:\n  backbone: resnet18\n\tthreads: 2\n", "x.yaml:4:1: a tab, and YAML indents with spaces"},
		"tab 3":             {"version: 1\nmodel:\n  \tbackbone: resnet18\n  threads: 1\n", "x.yaml:3:3: a tab, and YAML indents with spaces"},
		"tab 4":             {"version: 1\noutputs:\n  - C3\n\t- C4\nmodel: {backbone: resnet18}\n", "x.yaml:4:1: a tab, and YAML indents with spaces"},
		"tab at first":      {"\tversion: 1\n", "x.yaml:1:1: a tab, and YAML indents with spaces"},
		"octal":             {head + "  threads: 010\n", "x.yaml:4:12: model.threads: expected a number without a leading zero, found 010: write 10, or 0o10 for the octal number"},
		"no octal":          {head + "  threads: 08\n", "x.yaml:4:12: model.threads: expected a number without a leading zero, found 08: write 8"},
		"negative octal":    {head + "  threads: -010\n", "found -010: write -10, or -0o10 for"},
		"positive octal":    {head + "  threads: +0_10\n", "found +0_10: write 10, or 0o10 for"},
		"zeros":             {head + "input: {preprocessing: {crop: 00}}\n", "found 00: write 0: "},
		"octal crop":        {head + "input: {preprocessing: {crop: 0224}}\n", "x.yaml:4:31: input.preprocessing.crop: expected a number without a leading zero, found 0224: write 224, or 0o224"},
		"octal of a list":   {head + "input: {preprocessing: {mean: [0, 01, 0]}}\n", "x.yaml:4:35: input.preprocessing.mean[1]: expected a number without a leading zero, found 01: write 1, or 0o1"},
		"octal of integers": {"version: 1\nmodel: {backbone: {block: basic, blocks: [1, 010]}}\n", "x.yaml:2:46: model.backbone.blocks[1]: expected a number without a leading zero"},
		"octal seed":        {"version: 1\nmodel: {backbone: {preset: resnet18, seed: 0777}}\n", "write 777, or 0o777"},
		"octal pointer":     {head + "pipeline: {sources: [{camera: 01}]}\n", "pipeline.sources[0].camera: expected a number without a leading zero"},
		"octal bytes":       {head + "  memory_limit: 0100\n", "model.memory_limit: expected a number without a leading zero, found 0100: write 100"},
		"octal tagged":      {head + "  threads: !!int \"010\"\n", "without a leading zero"},
		"octal variable":    {head + "  threads: ${VERTEBRA_TEST_OCTAL}\n", "x.yaml:4:12: model.threads: expected a number without a leading zero, found 010: write 10"},
		"octal default":     {head + "  threads: ${VERTEBRA_TEST_NONE:-010}\n", "found 010: write 10"},
		"bad UTF-8":         {"version: 1\n# größe, gr\xf6\xdfe\nmodel: {backbone: resnet18}\n", "x.yaml:2:12: byte 24, 0xf6, is no UTF-8: save the file as UTF-8"},
		"control":           {"version: 1\r\nmodel: {backbone: resnet18, weights: \"a\x07\"}\r\n", `x.yaml:2:40: byte 51 is the control character U+0007: take it out, or write "\u0007"`},
		"NUL":               {"version: 1\nmodel: \x00", "x.yaml:2:8: byte 18 is the control character U+0000"},
		"delete":            {"ver\x7fsion: 1", "x.yaml:1:4: byte 3 is the control character U+007F"},
		"half of UTF-16":    {"\xff\xfev\x00e", "x.yaml:1:2: the file ends within a character of UTF-16"},
		"surrogate":         {"\xfe\xff\x00#\xd8\x00\x00\n", "x.yaml:1:2: byte 4 begins half a pair of UTF-16"},
		"YAML 2":            {"# a\n%YAML 2.0\n---\n" + head, "x.yaml:2:1: expected %YAML 1.1 or %YAML 1.2, found version 2.0"},
		"YAML twice":        {"%YAML 1.2\n%YAML 1.2\n---\n" + head, "x.yaml:2:1: a second %YAML"},
		"YAML alone":        {"%YAML 1.2\n" + head, "x.yaml:2:1: expected --- after %YAML"},
		"TAG":               {"%TAG ! tag:example.com,2000:\n---\n" + head, "x.yaml:1:1: %TAG names tags, which have no meaning here"},
		"directive":         {"%FOO bar\n---\n" + head, "x.yaml:1:1: expected %YAML 1.1 or %YAML 1.2, found \"%FOO bar\""},
		"after YAML":        {"%YAML 1.2\n---\nversion: 1\nmodel: {backbone: 5}\n", "x.yaml:4:19: model.backbone: expected text"},
		"two documents":     {head + "---\nversion: 1\n", "x.yaml:4:1: a second document; there may be one"},
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
			assert.NotContains(t, err.Error(), "\n")
		})
	}
}

// What editors and other programs write is read as it is meant.
func TestForms(t *testing.T) {
	plain := "version: 1\nmodel: {backbone: resnet34, threads: 8, weights: 'né.pth'}\n"
	want, err := Parse("x", []byte(plain))
	require.NoError(t, err)
	utf16le, utf16be := []byte{0xff, 0xfe}, []byte{0xfe, 0xff}
	for _, u := range utf16.Encode([]rune(plain + "# 😀\r\n")) {
		utf16le, utf16be = binary.LittleEndian.AppendUint16(utf16le, u), binary.BigEndian.AppendUint16(utf16be, u)
	}
	for name, text := range map[string]string{
		"byte order mark":   "\ufeff" + plain,
		"UTF-16":            string(utf16le),
		"UTF-16 big-endian": string(utf16be),
		"Windows":           strings.ReplaceAll(plain, "\n", "\r\n"),
		"old Macintosh":     strings.ReplaceAll(plain, "\n", "\r"),
		"YAML 1.2":          "%YAML 1.2\n---\n" + plain,
		"YAML 1.1":          "# a comment\n\n%YAML 1.1 # why not\r\n# another\n--- # here\n" + plain + "...\n",
		"with a mark":       "\ufeff%YAML 1.2\n---\n" + plain,
		"an octal number":   strings.Replace(plain, "8", "0o10", 1),
		"a hexadecimal one": strings.Replace(plain, "8", "0x8", 1),
		"a binary one":      strings.Replace(plain, "8", "0b1000", 1),
		"tabs beside":       "version:\t1\nmodel: {backbone: resnet34,\tthreads: 8, weights: 'né.pth'}\t# here\n",
		"an extension":      "x-common: [1, {a: 010}, ~]\n" + plain + "x-: 5\n",
		"a merge":           "x-fast: &fast {threads: 8, weights: 'né.pth'}\nversion: 1\nmodel: {<<: *fast, backbone: resnet34}\n",
		"a merge overruled": "x-fast: &fast {threads: 2, weights: a}\nversion: 1\nmodel:\n  backbone: resnet34\n  threads: 8\n  weights: né.pth\n  <<: *fast\n",
		"merges":            "x-a: &a {threads: 8}\nx-b: &b {<<: *a, threads: 9, weights: 'né.pth'}\nversion: 1\nmodel: {<<: [*a, *b], backbone: resnet34}\n",
		"merges of merges":  "x-b: &b {<<: &a {threads: 8}, weights: 'né.pth'}\nx-c: &c {<<: *b}\nversion: 1\nmodel: {<<: *c, backbone: resnet34}\n",
		"a merged whole":    "x-all: &all {version: 1, model: {backbone: resnet34, threads: 8, weights: 'né.pth'}}\n<<: *all\n",
		"merged lists":      "x-all: &all [{threads: 8}, {weights: 'né.pth'}]\nversion: 1\nmodel: {<<: *all, backbone: resnet34}\n",
	} {
		c, err := Parse("x", []byte(text))
		if assert.NoError(t, err, name) {
			assert.Equal(t, want.String(), c.String(), name)
		}
	}
}

// Merged keys go over an include's, each on its own, and what a command line sets
// changes one place alone.
func TestMergesBesideIncludesAndSet(t *testing.T) {
	text := "version: 1\ninclude: resnet50\nx-m: &m {model: {threads: 3}}\nx-live: &live {stall: 5s, policy: latest}\n<<: *m\n" +
		"pipeline: {sources: [{<<: *live, mjpeg: 'http://a/b'}, {<<: *live, name: two, mjpeg: 'http://a/c', stall: 1s}]}\n"
	c, err := Parse("x", []byte(text), Set("pipeline.sources[0].policy=block"))
	require.NoError(t, err)
	assert.Equal(t, 3, c.Model.Threads)
	assert.Equal(t, "resnet50/DEFAULT", c.Model.Weights.Source)
	one, two := c.Pipeline.Sources[0], c.Pipeline.Sources[1]
	assert.Equal(t, []any{video.Block, Duration(5 * time.Second)}, []any{one.Policy, one.Stall})
	assert.Equal(t, []any{video.Latest, Duration(time.Second)}, []any{two.Policy, two.Stall})
	_, err = Parse("x", []byte(text), Set("model.threads=02"))
	require.ErrorIs(t, err, ErrConfig)
	_, err = Parse("x", []byte(text), Set("version=01"))
	assert.ErrorContains(t, err, "-set version=01: version: expected a number without a leading zero")
}

// Many merges take no longer than what they merge.
func TestMergeBombs(t *testing.T) {
	var b strings.Builder
	b.WriteString("x-a: &a {")
	for i := range 3000 {
		fmt.Fprintf(&b, "k%d: 1, ", i)
	}
	b.WriteString("}\nx-b: {" + strings.Repeat("c: {<<: *a}, ", 5) + "<<: [*a, *a]}\nversion: 1\nmodel: {backbone: resnet18}\n")
	_, err := Parse("x", []byte(b.String()))
	assert.NoError(t, err)
	deep := "x-a0: &a0 {k: 1}\n"
	for i := range 30 {
		deep += fmt.Sprintf("x-a%d: &a%d {<<: [*a%d, *a%d]}\n", i+1, i+1, i, i)
	}
	_, err = Parse("x", []byte(deep+"version: 1\nmodel: {backbone: resnet18}\n"))
	assert.ErrorContains(t, err, "more than 100000 values")
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
	var all *ProblemsError
	require.ErrorAs(t, err, &all)
	assert.Len(t, all.Details(), maxProblems+1)
	assert.Equal(t, "x.yaml: and 30 more", all.Problems[maxProblems])
	assert.Less(t, len(err.Error()), 10000)
	assert.Regexp(t, `^x.yaml:3:1: .*; x.yaml:4:1: `, err.Error())
	assert.NotContains(t, err.Error(), "\n")
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
