package weights

import (
	"io"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/weights/internal/pickle"
)

// errNothing is wrapped by the error of a pickle without tensors.
var errNothing = errors.WithMessage(ErrFormat, "save a state dict with torch.save(model.state_dict(), path)")

// pickled is a tensor as a pickle describes it.
type pickled interface {
	rank() int
	// bind makes a tensor of its bytes. r is what the pickle was read from.
	bind(name string, r io.ReaderAt) (*Tensor, error)
}

// dictionary is tensors by name, somewhere in a pickle.
type dictionary struct {
	path   []string // the keys that lead to it
	names  []string
	values []any // pickled, or *pickle.Object: what may have been a tensor
	// tensors counts those that can be read, matrices those of two dimensions
	// or more: a network has some.
	tensors, matrices int
}

func (d *dictionary) add(name string, v any) {
	switch x := v.(type) {
	case pickled:
		d.tensors++
		if x.rank() > 1 {
			d.matrices++
		}
	case *pickle.Object:
	default:
		return // no tensor, and never was
	}
	d.names, d.values = append(d.names, name), append(d.values, v)
}

func (d *dictionary) where() string { return strings.Join(d.path, ".") }

// collect takes the tensors from what a pickle holds: from the one dictionary
// that there is, whatever its name and its depth, or from the one below a path
// of keys. r is what the pickle was read from.
func collect(v any, r io.ReaderAt, under string) (*StateDict, error) {
	inner, taken, rest := descend(v, under)
	d, err := dictionaryOf(inner)
	if err != nil {
		return nil, err
	}
	if under == "" || d.tensors == 0 || rest != "" && !d.has(rest) {
		if d, err = chooseIn(inner); err != nil {
			if rest != "" {
				err = errors.WithMessagef(err, "nothing is called %q", clean(under))
			}
			return nil, err
		}
	}
	sd, err := d.bind(r)
	if err != nil {
		return nil, err
	}
	sd.under = joinKeys(taken, d.where())
	return sd.below(rest)
}

// has reports whether some names are below a prefix.
func (d *dictionary) has(prefix string) bool {
	for _, name := range d.names {
		if strings.HasPrefix(name, prefix+".") {
			return true
		}
	}
	return false
}

// descend follows a dotted path as far as its keys are there. Keys may have
// dots themselves; the longest that fits is taken. rest is what is left.
func descend(v any, path string) (inner any, taken, rest string) {
	for path != "" && !isModule(v) {
		var next any
		longest := ""
		for name, child := range children(v) {
			if (path == name || strings.HasPrefix(path, name+".")) && len(name) > len(longest) && isContainer(child) {
				longest, next = name, child
			}
		}
		if longest == "" {
			break
		}
		v, taken, path = next, joinKeys(taken, longest), strings.TrimPrefix(path[len(longest):], ".")
	}
	return v, taken, path
}

func isContainer(v any) bool {
	switch v.(type) {
	case *pickle.Dict, *pickle.Object, *pickle.List, pickle.Tuple:
		return true
	}
	return false
}

func joinKeys(a, b string) string {
	if a == "" || b == "" {
		return a + b
	}
	return a + "." + b
}

// dictionaryOf takes what lies directly in a value: the entries of a dict, the
// attributes of an object, all parameters and buffers of a module.
func dictionaryOf(v any) (*dictionary, error) {
	if isModule(v) {
		return flatten(v.(*pickle.Object))
	}
	d := &dictionary{}
	switch v.(type) {
	case *pickle.Dict, *pickle.Object:
		for name, child := range children(v) {
			d.add(name, child)
		}
	}
	return d, nil
}

// bind makes a state dict of it. What cannot be read is told by Skipped.
func (d *dictionary) bind(r io.ReaderAt) (*StateDict, error) {
	sd := New()
	for i, name := range d.names {
		p, ok := d.values[i].(pickled)
		if !ok {
			sd.skip(name, "an object of "+d.values[i].(*pickle.Object).Class+", which is not read")
			continue
		}
		t, err := p.bind(name, r)
		switch {
		case errors.Is(err, errNotNumbers):
			sd.skip(name, "an array of something else than numbers")
			continue
		case err != nil:
			return nil, named(err, name)
		}
		if err := sd.add(t); err != nil {
			return nil, malformed("%s appears twice", name)
		}
	}
	if sd.Len() == 0 {
		return nil, errors.WithMessagef(errNothing, "it holds no tensors that can be read, but %s", sd.skippedText())
	}
	return sd, nil
}
