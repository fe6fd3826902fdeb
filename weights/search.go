package weights

import (
	"fmt"
	"iter"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/weights/internal/pickle"
)

// maxDepth bounds how deep the weights may lie in dicts and objects.
const maxDepth = 8

// trainingState are keys of what training keeps beside a network, some of it by
// the network's own names.
var trainingState = regexp.MustCompile(`(?i)optim|sched|scaler|callbacks|rng_state|^(opt|amp|loops)$`)

// search finds the dictionaries of tensors in a pickle.
type search struct {
	found    []*dictionary
	training bool            // look into trainingState, too
	seen     map[any]bool    // containers, which may be shared, or hold themselves
	inert    map[string]bool // classes of objects, for the message
}

// chooseIn finds the one dictionary that is meant.
func chooseIn(v any) (*dictionary, error) {
	s := &search{}
	for _, s.training = range []bool{false, true} {
		s.seen, s.inert = map[any]bool{}, map[string]bool{}
		if err := s.visit(v, nil); err != nil {
			return nil, err
		}
		if len(s.found) > 0 {
			return choose(s.found)
		}
	}
	if len(s.inert) > 0 {
		return nil, errors.WithMessagef(errNothing, "it holds no tensors, but what %s would make, which is never called", clean(list(quoted(s.inert))))
	}
	return nil, errors.WithMessage(errNothing, "it holds no tensors")
}

func quoted(names map[string]bool) []string {
	var list []string
	for name := range names {
		list = append(list, strconv.Quote(name))
	}
	slices.Sort(list)
	return list
}

func (s *search) visit(v any, path []string) error {
	if len(path) > maxDepth || !s.first(v) {
		return nil
	}
	d, err := dictionaryOf(v)
	if err != nil {
		return err
	}
	if d.tensors > 0 {
		d.path = slices.Clone(path)
		s.found = append(s.found, d)
	}
	if isModule(v) {
		return nil
	}
	for name, child := range children(v) {
		if !isContainer(child) || !s.training && trainingState.MatchString(name) {
			continue
		}
		if err := s.visit(child, append(path, name)); err != nil {
			return err
		}
	}
	return nil
}

// first reports whether a value was not visited before.
func (s *search) first(v any) bool {
	switch x := v.(type) {
	case *pickle.Object:
		if len(s.inert) < 4 {
			s.inert[x.Class] = true
		}
	case *pickle.Class:
		s.inert[x.Name] = true
	case *pickle.Dict:
	default:
		return true // tuples and lists are only looked into at the top
	}
	if s.seen[v] {
		return false
	}
	s.seen[v] = true
	return true
}

// children are what lies in a container by name: the entries of a dict under
// text, the attributes of an object and, by number, what it was made of, the
// elements of a tuple or list.
func children(v any) iter.Seq2[string, any] {
	return func(yield func(string, any) bool) {
		switch x := v.(type) {
		case *pickle.Dict:
			entries(x, yield)
		case *pickle.Object:
			_ = entries(x.Attributes(), yield) && entries(&x.Items, yield) && elements(x.Args, yield)
		case *pickle.List:
			elements(x.Items, yield)
		case pickle.Tuple:
			elements(x, yield)
		}
	}
}

func entries(d *pickle.Dict, yield func(string, any) bool) bool {
	if d == nil {
		return true
	}
	for i, k := range d.Keys {
		if name, ok := k.(string); ok && !yield(name, d.Values[i]) {
			return false
		}
	}
	return true
}

// maxElements bounds how many elements of a tuple or list have names: what is
// saved as (model, epoch) has few.
const maxElements = 16

func elements(items []any, yield func(string, any) bool) bool {
	for i, item := range items[:min(len(items), maxElements)] {
		switch item.(type) {
		case *pickle.Dict, *pickle.Object: // no list of lists
			if !yield(strconv.Itoa(i), item) {
				return false
			}
		}
	}
	return true
}

// averaged are the keys of averaged weights, which are meant where they lie
// beside those they were averaged from; plain are the keys of these.
var (
	averaged = []string{"state_dict_ema", "model_ema"}
	plain    = []string{"state_dict", "model_state_dict", "model", "module", "net", "network", "params", "weights", "blobs"}
)

// under reports whether a dictionary lies under one of the keys, perhaps with a
// wrapper of its own.
func under(d *dictionary, keys []string) bool {
	for i, key := range d.path {
		wrapper := i > 0 && (key == "module" || key == "state_dict")
		if !wrapper && !slices.Contains(keys, key) {
			return false
		}
	}
	return len(d.path) > 0
}

// dwarfs is how many times as many tensors a network has as what else may lie
// beside it: prototypes, the weights of a loss.
const dwarfs = 4

// choose tells the network among dictionaries. Where that is not clear the
// error lists them.
func choose(found []*dictionary) (*dictionary, error) {
	if slices.ContainsFunc(found, isNetwork) {
		found = slices.DeleteFunc(found, func(d *dictionary) bool { return !isNetwork(d) })
	}
	if len(found) == 1 {
		return found[0], nil
	}
	for i, d := range found {
		if len(found) == 2 && under(d, averaged) && under(found[1-i], plain) {
			return d, nil
		}
	}
	largest := slices.MaxFunc(found, func(a, b *dictionary) int { return a.tensors - b.tensors })
	for _, d := range found {
		related := under(largest, plain) || contains(largest, d) || contains(d, largest)
		if d != largest && !(related && largest.tensors >= dwarfs*d.tensors) {
			return nil, several(found)
		}
	}
	return largest, nil
}

func isNetwork(d *dictionary) bool { return d.matrices > 0 }

// contains reports whether b lies in a.
func contains(a, b *dictionary) bool {
	return len(a.path) < len(b.path) && slices.Equal(a.path, b.path[:len(a.path)])
}

// several lists dictionaries to choose from.
func several(found []*dictionary) error {
	var names []string
	example := ""
	for _, d := range found {
		where := d.where()
		if where == "" {
			where = "the top"
		} else if example == "" {
			example = where
		}
		names = append(names, fmt.Sprintf("%s (%d tensors, the first is %s)", where, d.tensors, d.firstTensor()))
	}
	return unfit("it holds several dictionaries of tensors: %s; choose one, such as weights.Under(%q)", list(names), example)
}

func (d *dictionary) firstTensor() string {
	for i, name := range d.names {
		if _, ok := d.values[i].(pickled); ok {
			return name
		}
	}
	return ""
}

// maxListed bounds lists in messages.
const maxListed = 8

// list joins names, the first of them where there are many.
func list(names []string) string {
	if more := len(names) - maxListed; more > 0 {
		return strings.Join(names[:maxListed], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(names, ", ")
}
