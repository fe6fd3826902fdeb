package weights

import (
	"encoding/binary"
	"io"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/weights/internal/pickle"
)

// find is the closed list of what a pickle may call. Everything else becomes
// inert: it is read, kept within bounds, and never executed.
func find(name string) (pickle.Constructor, bool) {
	for _, list := range []map[string]pickle.Constructor{torchGlobals, numpyGlobals, plainGlobals} {
		if f, ok := list[name]; ok {
			return f, true
		}
	}
	return nil, false
}

// plainGlobals are containers and bytes.
var plainGlobals = map[string]pickle.Constructor{
	"collections.OrderedDict": newDict,
	"collections.defaultdict": func(pickle.Tuple) (any, error) { return &pickle.Dict{}, nil },
	"collections.Counter":     newDict,
	"builtins.dict":           newDict,
	"builtins.set":            newList,
	"builtins.frozenset":      newList,
	"builtins.list":           newList,
	"builtins.bytearray":      toBytes,
	"_codecs.encode":          toBytes,
	"copyreg._reconstructor":  reconstruct,
}

// reconstruct is how protocols 0 and 1 make an object: (class, base, state).
func reconstruct(args pickle.Tuple) (any, error) {
	if len(args) == 0 {
		return nil, malformed("an object without a class")
	}
	class, ok := args[0].(*pickle.Class)
	if !ok {
		return nil, malformed("an object of %T", args[0])
	}
	return &pickle.Object{Class: class.Name}, nil
}

// inert makes an object that stands for a value nobody looks at.
func inert(class string) pickle.Constructor {
	return func(pickle.Tuple) (any, error) { return &pickle.Object{Class: class}, nil }
}

// newDict is OrderedDict(), or OrderedDict([(key, value) …]).
func newDict(args pickle.Tuple) (any, error) {
	d := &pickle.Dict{}
	if len(args) == 0 {
		return d, nil
	}
	switch from := args[0].(type) {
	case *pickle.Dict:
		d.Keys, d.Values = append(d.Keys, from.Keys...), append(d.Values, from.Values...)
	case *pickle.List:
		for _, item := range from.Items {
			pair, ok := pairOf(item)
			if !ok {
				return nil, malformed("a dict of something else than pairs")
			}
			d.Keys, d.Values = append(d.Keys, pair[0]), append(d.Values, pair[1])
		}
	default:
		return nil, malformed("a dict of %T", from)
	}
	return d, nil
}

func pairOf(v any) ([]any, bool) {
	switch p := v.(type) {
	case pickle.Tuple:
		return p, len(p) == 2
	case *pickle.List:
		return p.Items, len(p.Items) == 2
	}
	return nil, false
}

func newList(args pickle.Tuple) (any, error) {
	l := &pickle.List{}
	if len(args) > 0 {
		if from, ok := args[0].(*pickle.List); ok {
			l.Items = append(l.Items, from.Items...)
		}
	}
	return l, nil
}

// toBytes is _codecs.encode(text, 'latin1'), the way in which protocol 2
// writes bytes.
func toBytes(args pickle.Tuple) (any, error) {
	if len(args) == 0 {
		return []byte{}, nil
	}
	switch v := args[0].(type) {
	case []byte, pickle.Blob:
		return v, nil
	case string:
		b := make([]byte, 0, len(v))
		for _, r := range v {
			if r > 0xff {
				return nil, malformed("bytes with the character %q", r)
			}
			b = append(b, byte(r))
		}
		return b, nil
	}
	return nil, malformed("bytes made of %T", args[0])
}

// asInt takes an integer off a pickle.
func asInt(v any) (int64, error) {
	switch n := v.(type) {
	case int64:
		return n, nil
	case bool:
		if n {
			return 1, nil
		}
		return 0, nil
	}
	return 0, malformed("an integer was expected, found %T", v)
}

// asInts takes a tuple or list of integers.
func asInts(v any) ([]int64, error) {
	var items []any
	switch l := v.(type) {
	case pickle.Tuple:
		items = l
	case *pickle.List:
		items = l.Items
	default:
		return nil, malformed("a tuple of integers was expected, found %T", v)
	}
	if len(items) > maxRank {
		return nil, malformed("%d dimensions, at most %d are possible", len(items), maxRank)
	}
	list := make([]int64, len(items))
	for i, item := range items {
		n, err := asInt(item)
		if err != nil {
			return nil, err
		}
		list[i] = n
	}
	return list, nil
}

// readPickle reads one pickle, with errors that wrap ErrFormat.
func readPickle(s *pickle.Source, persistent func(id any) (any, error)) (any, error) {
	v, err := pickle.Read(s, pickle.Rules{Find: find, Persistent: persistent})
	if err != nil && !errors.Is(err, ErrFormat) {
		return nil, malformed("%v", err)
	}
	return v, err
}

// openPickle reads a plain pickle: detectron2's model zoo.
func openPickle(r io.ReaderAt, size int64, under string) (*StateDict, error) {
	v, err := readPickle(pickle.NewSource(r, 0, size), nil)
	if err != nil {
		return nil, err
	}
	return collect(v, r, under)
}

var littleEndian binary.ByteOrder = binary.LittleEndian
