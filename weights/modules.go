package weights

import (
	"slices"
	"strings"

	"github.com/vertebra-vision/vertebra/weights/internal/pickle"
)

// Modules that were pickled whole, with torch.save(model, path), and those of
// TorchScript archives are inert objects, whose attributes tell the tensors:
// what model.state_dict() would have listed.

// Bounds on a module's tree, in which modules may be shared.
const (
	maxModuleDepth = 64
	maxModules     = 1 << 18
	maxKeyBytes    = 64 << 20 // of all keys together
)

// isModule reports whether a value is a module.
func isModule(v any) bool {
	o, ok := v.(*pickle.Object)
	return ok && (isEager(o) || isScript(o))
}

func isEager(o *pickle.Object) bool {
	return dictIn(o, "_parameters") != nil && dictIn(o, "_modules") != nil
}

// isScript is for TorchScript's classes, all of which are called so.
func isScript(o *pickle.Object) bool {
	return strings.HasPrefix(o.Class, "__torch__.") && o.Attributes() != nil
}

// dictIn is an attribute that is a dict; nil for none.
func dictIn(o *pickle.Object, name string) *pickle.Dict {
	attributes := o.Attributes()
	if attributes == nil {
		return nil
	}
	v, _ := attributes.Get(name)
	d, _ := v.(*pickle.Dict)
	return d
}

// flatten lists a module's tensors by the keys of its state dict.
func flatten(o *pickle.Object) (*dictionary, error) {
	f := &flattener{d: &dictionary{}}
	return f.d, f.module(o, "", 0)
}

type flattener struct {
	d              *dictionary
	modules, bytes int
}

func (f *flattener) module(o *pickle.Object, prefix string, depth int) error {
	f.modules++
	if depth > maxModuleDepth || f.modules > maxModules {
		return malformed("more than %d modules, or more than %d in each other", maxModules, maxModuleDepth)
	}
	if isScript(o) {
		return f.script(o, prefix, depth)
	}
	temporary := namesIn(o, "_non_persistent_buffers_set")
	for _, kind := range []string{"_parameters", "_buffers"} {
		for name, v := range children(orEmpty(dictIn(o, kind))) {
			if kind == "_buffers" && slices.Contains(temporary, name) {
				continue
			}
			if err := f.add(prefix+name, v); err != nil {
				return err
			}
		}
	}
	return f.inside(dictIn(o, "_modules"), prefix, depth)
}

func orEmpty(d *pickle.Dict) *pickle.Dict {
	if d == nil {
		return &pickle.Dict{}
	}
	return d
}

// inside lists the tensors of modules by name.
func (f *flattener) inside(modules *pickle.Dict, prefix string, depth int) error {
	for name, v := range children(modules) {
		o, ok := v.(*pickle.Object)
		if !ok || !isModule(o) {
			continue
		}
		if err := f.module(o, prefix+name+".", depth+1); err != nil {
			return err
		}
	}
	return nil
}

// script is for a module of TorchScript: tensors and modules are attributes
// alike, the tensors first in a state dict.
func (f *flattener) script(o *pickle.Object, prefix string, depth int) error {
	for name, v := range children(o.Attributes()) {
		if _, ok := v.(pickled); ok {
			if err := f.add(prefix+name, v); err != nil {
				return err
			}
		}
	}
	return f.inside(o.Attributes(), prefix, depth)
}

func (f *flattener) add(key string, v any) error {
	if f.bytes += len(key); f.bytes > maxKeyBytes {
		return malformed("the modules' names are longer than %d bytes together", maxKeyBytes)
	}
	f.d.add(key, v)
	return nil
}

// namesIn are the texts in a set that is an attribute.
func namesIn(o *pickle.Object, attribute string) []string {
	v, _ := o.Attributes().Get(attribute)
	set, _ := v.(*pickle.List)
	if set == nil {
		return nil
	}
	var names []string
	for _, item := range set.Items {
		if name, ok := item.(string); ok {
			names = append(names, name)
		}
	}
	return names
}
