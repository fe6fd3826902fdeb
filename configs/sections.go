package configs

import (
	"path"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/names"
)

// The sections that have a form of their own in the file, or rules that no tag
// says.

// decode starts from the preset, wherever in the section it stands, and puts
// the other keys over it.
func (b *Backbone) decode(d *decoder, n *yaml.Node, path string) {
	if n.Kind == yaml.ScalarNode {
		d.scalar(n, reflect.ValueOf(&b.Preset).Elem(), noRules, path)
		b.usePreset(d, n, path)
		return
	}
	if preset := child(n, "preset"); preset != nil && preset.ShortTag() == "!!str" {
		b.Preset = preset.Value
		b.usePreset(d, preset, join(path, "preset"))
	}
	name := b.Preset
	d.mapping(n, reflect.ValueOf(b).Elem(), path)
	b.Preset = name
}

// usePreset replaces a preset's name, in any case of letters, by the preset.
func (b *Backbone) usePreset(d *decoder, n *yaml.Node, path string) {
	if b.Preset == "" && n.ShortTag() != "!!str" {
		return // that it is no text has been said
	}
	config, err := backbone.Preset(b.Preset)
	if err != nil {
		d.wrong(n, path, "no preset %q%s", shorten(b.Preset), names.DidYouMean(b.Preset, backbone.Presets()))
		return
	}
	b.Preset, b.Config = config.Name, config
}

// check says what package backbone says, at the key that it is about.
func (b *Backbone) check(d *decoder, n *yaml.Node, path string) {
	before := len(d.problems)
	defaults := reflect.ValueOf(backbone.ResNet18())
	fields := fieldsOf(reflect.ValueOf(&b.Config).Elem())
	for i, f := range fieldsOf(defaults) {
		if node, ok := d.nodes[join(path, f.key)]; ok && fields[i].value.IsZero() && !f.value.IsZero() {
			d.wrong(node, join(path, f.key), "expected a value other than %s; leave the key out for the default", describe(resolved(node)))
		}
	}
	if err := b.Validate(); err != nil && len(d.problems) == before {
		key, text := inKeys(b.message(err), func(key string) bool { return d.nodes[join(path, key)] != nil })
		if key != "" {
			path = join(path, key)
			n = d.nodes[path]
		}
		d.wrong(n, path, "%s", text)
	}
}

// message is an error of Validate without what the position says.
func (b *Backbone) message(err error) string {
	text := strings.TrimSuffix(err.Error(), ": "+backbone.ErrConfig.Error())
	return strings.TrimPrefix(strings.TrimPrefix(text, b.Name+": "), "resnet: ")
}

var identifier = regexp.MustCompile(`\b[A-Z][A-Za-z0-9]+\b`)

// inKeys puts keys in place of the names of backbone.Config's fields, and
// returns the first of them that the file has.
func inKeys(message string, has func(key string) bool) (key, text string) {
	fields := reflect.TypeFor[backbone.Config]()
	text = identifier.ReplaceAllStringFunc(message, func(name string) string {
		if _, ok := fields.FieldByName(name); !ok {
			return name
		}
		if key == "" && has(snakeCase(name)) {
			key = snakeCase(name)
		}
		return snakeCase(name)
	})
	return key, text
}

// child is the value of a mapping's key, nil for none.
func child(n *yaml.Node, key string) *yaml.Node {
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Kind == yaml.ScalarNode && n.Content[i].Value == key {
			return resolved(n.Content[i+1])
		}
	}
	return nil
}

func (w *Weights) decode(d *decoder, n *yaml.Node, path string) {
	if n.Kind == yaml.ScalarNode {
		d.scalar(n, reflect.ValueOf(&w.Source).Elem(), noRules, path)
		return
	}
	d.mapping(n, reflect.ValueOf(w).Elem(), path)
}

func (w *Weights) check(d *decoder, n *yaml.Node, where string) {
	if under := child(n, "under"); under != nil && slices.Contains(strings.Split(w.Under, "."), "") {
		at := join(where, "under")
		d.wrong(under, at, "expected keys joined by dots, such as model.teacher, found %q", shorten(w.Under))
	}
	for _, l := range []struct {
		key   string
		globs []string
	}{{"allow_missing", w.AllowMissing}, {"ignore_unexpected", w.IgnoreUnexpected}} {
		for i, glob := range l.globs {
			if _, err := path.Match(glob, ""); err != nil {
				at := indexed(join(where, l.key), i)
				d.wrong(d.nodes[at], at, "expected a glob such as fc.*, found %q (%v)", shorten(glob), err)
			}
		}
	}
}

func (l *Labels) decode(d *decoder, n *yaml.Node, path string) {
	if n.Kind == yaml.ScalarNode {
		d.scalar(n, reflect.ValueOf(&l.Source).Elem(), noRules, path)
		return
	}
	r := noRules
	r.nonempty = true
	d.list(n, reflect.ValueOf(&l.Names).Elem(), r, path)
}

func (p *Preprocessing) decode(d *decoder, n *yaml.Node, path string) {
	*p = defaultPreprocessing()
	d.mapping(n, reflect.ValueOf(p).Elem(), path)
}

// check needs a name for each class where the names are in the file.
func (m *Model) check(d *decoder, _ *yaml.Node, path string) {
	m.checkHeads(d, path)
	if m.Detector != nil || m.Segmenter != nil || m.Neck != nil {
		return // Build knows how many classes there are
	}
	if have, want := len(m.Labels.Names), m.Backbone.NumClasses; have > 0 && want > 0 && have != want && !m.Backbone.NoClassifier {
		at := join(path, "labels")
		d.wrong(d.nodes[at], at, "expected a name for each of %d classes, found %d", want, have)
	}
}

// amount is what Bytes look like; the JSON Schema has the same.
var amount = regexp.MustCompile(`^([1-9][0-9]*) *(KiB|MiB|GiB)?$`)

var units = map[string]int64{"": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}

// maxBytes is more than any machine has, and far from overflow.
const maxBytes = 1 << 50

func (b *Bytes) decode(d *decoder, n *yaml.Node, path string) {
	if m := amount.FindStringSubmatch(n.Value); m != nil && n.Kind == yaml.ScalarNode {
		v, err := strconv.ParseInt(m[1], 10, 64)
		if factor := units[m[2]]; err == nil && v <= maxBytes/factor {
			*b = Bytes(v * factor)
			return
		}
	}
	d.wrong(n, path, "expected an amount of memory such as 512MiB or 2GiB, found %s", describe(n))
}

// encode is decode's inverse.
func (b Bytes) encode() string {
	for _, unit := range []string{"GiB", "MiB", "KiB"} {
		if int64(b)%units[unit] == 0 {
			return strconv.FormatInt(int64(b)/units[unit], 10) + unit
		}
	}
	return strconv.FormatInt(int64(b), 10)
}
