package configs

import (
	"reflect"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/vertebra-vision/vertebra/backbone"
	"github.com/vertebra-vision/vertebra/internal/names"
)

// The sections that have a form of their own in the file.

// decode starts from the preset, wherever in the section it stands, and puts
// the other keys over it. A string is the preset alone.
func (b *Backbone) decode(d *decoder, n *yaml.Node, path string) {
	b.at = at(n)
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!str" {
		b.usePreset(d, n, path)
		return
	}
	if n.Kind == yaml.MappingNode {
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Value == "preset" && n.Content[i+1].ShortTag() == "!!str" {
				b.usePreset(d, n.Content[i+1], join(path, "preset"))
			}
		}
	}
	fields := fieldsOf(reflect.ValueOf(&b.Config).Elem())
	fields["preset"] = reflect.ValueOf(&b.Preset).Elem()
	d.keys(n, path, func(key, value *yaml.Node, path string) bool {
		field, ok := fields[key.Value]
		if ok {
			d.value(value, field, path)
		}
		return ok
	}, fields)
}

func (b *Backbone) usePreset(d *decoder, n *yaml.Node, path string) {
	config, err := backbone.Preset(n.Value)
	if err != nil {
		d.wrong(n, path, "no preset %q%s", n.Value, names.DidYouMean(n.Value, backbone.Presets()))
		return
	}
	b.Preset, b.Config = config.Name, config
}

// decode takes a string for Source.
func (w *Weights) decode(d *decoder, n *yaml.Node, path string) {
	if n.Kind == yaml.ScalarNode {
		d.scalar(n, reflect.ValueOf(&w.Source).Elem(), path)
		return
	}
	d.mapping(n, reflect.ValueOf(w).Elem(), path)
}

func (l *Labels) decode(d *decoder, n *yaml.Node, path string) {
	if n.Kind == yaml.ScalarNode {
		d.scalar(n, reflect.ValueOf(&l.Source).Elem(), path)
		return
	}
	d.list(n, reflect.ValueOf(&l.Names).Elem(), path)
}

var units = []struct {
	suffix string
	factor int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}}

func (b *Bytes) decode(d *decoder, n *yaml.Node, path string) {
	text, factor := n.Value, int64(1)
	for _, u := range units {
		if head, ok := strings.CutSuffix(text, u.suffix); ok {
			text, factor = strings.TrimSpace(head), u.factor
		}
	}
	v, err := strconv.ParseInt(text, 10, 64)
	if n.Kind != yaml.ScalarNode || err != nil || v < 1 || v > (1<<50)/factor {
		d.wrong(n, path, "expected an amount of memory such as 512MiB or 2GiB, found %s", kindName(n))
		return
	}
	*b = Bytes(v * factor)
}

// encode is decode's inverse.
func (b Bytes) encode() string {
	for i := len(units) - 1; i >= 0; i-- {
		if u := units[i]; int64(b)%u.factor == 0 {
			return strconv.FormatInt(int64(b)/u.factor, 10) + u.suffix
		}
	}
	return strconv.FormatInt(int64(b), 10)
}
