package weights

import (
	"io"
	"slices"
	"strings"

	"github.com/vertebra-vision/vertebra/ops"
)

// StateDict is a checkpoint: tensors by key, in the order of the file. Reading
// is safe for concurrent use; Put is not.
type StateDict struct {
	path, format  string
	under, prefix string
	names         []string
	tensors       map[string]*Tensor
	skipped       []Skipped
	file          io.Closer
}

// Skipped is an entry that lies among a checkpoint's tensors and is none that
// can be read.
type Skipped struct{ Name, Why string }

// New returns an empty state dict.
func New() *StateDict { return &StateDict{tensors: map[string]*Tensor{}, format: "memory"} }

// Put adds a tensor, whose memory it shares. The error, for a nil tensor or a
// key that is there, wraps ErrWeights.
func (sd *StateDict) Put(name string, t *ops.Tensor) error {
	if t == nil {
		return unfit("%s is nil", name)
	}
	return sd.add(&Tensor{name: name, dtype: F32, shape: t.Shape(), values: t.Data()})
}

func (sd *StateDict) add(t *Tensor) error {
	if sd.tensors[t.name] != nil {
		return unfit("%s appears twice", t.name)
	}
	sd.tensors[t.name] = t
	sd.names = append(sd.names, t.name)
	return nil
}

// Names lists the keys in the order of the file.
func (sd *StateDict) Names() []string { return append([]string(nil), sd.names...) }

// Get finds a tensor by its key.
func (sd *StateDict) Get(name string) (*Tensor, bool) {
	t, ok := sd.tensors[name]
	return t, ok
}

// Len is the number of tensors.
func (sd *StateDict) Len() int { return len(sd.names) }

// Path is the file, or what OpenReaderAt was told; empty for one in memory.
func (sd *StateDict) Path() string { return sd.path }

// Format names the file's format: "torch zip", "safetensors" …
func (sd *StateDict) Format() string { return sd.format }

// Under is the key, or the dotted path of keys, under which the file has the
// tensors; empty where they lie at the top.
func (sd *StateDict) Under() string { return sd.under }

// Prefix is what Canonical took off the keys of the backbone.
func (sd *StateDict) Prefix() string { return sd.prefix }

// Skipped lists what lies among the tensors and was left out: quantised
// tensors, arrays of text or objects, what a shard has beyond its index.
func (sd *StateDict) Skipped() []Skipped { return append([]Skipped(nil), sd.skipped...) }

func (sd *StateDict) skip(name, why string) {
	sd.skipped = append(sd.skipped, Skipped{name, clean(why)})
}

// skippedText is Skipped for a message.
func (sd *StateDict) skippedText() string {
	var names []string
	for _, s := range sd.skipped {
		names = append(names, s.Name+" ("+s.Why+")")
	}
	return clean(list(names))
}

// Close closes the file. Tensors cannot be read after it. It may be called
// again, and on views.
func (sd *StateDict) Close() error {
	if sd.file == nil {
		return nil
	}
	f := sd.file
	sd.file = nil
	return f.Close()
}

// Map returns a view with other keys: rename gives each key's new one, or
// false to leave it out. Two keys that become one are an error that wraps
// ErrWeights. Closing the view does nothing.
func (sd *StateDict) Map(rename func(name string) (string, bool)) (*StateDict, error) {
	view := &StateDict{path: sd.path, format: sd.format, under: sd.under, prefix: sd.prefix, tensors: map[string]*Tensor{}}
	origin := map[string]string{}
	for _, name := range sd.names {
		to, keep := rename(name)
		if !keep {
			continue
		}
		if first, ok := origin[to]; ok {
			return nil, unfit("%s and %s both mean %s", first, name, to)
		}
		origin[to] = name
		t := *sd.tensors[name]
		t.name = to
		if err := view.add(&t); err != nil {
			return nil, err
		}
	}
	for _, s := range sd.skipped {
		if to, keep := rename(s.Name); keep {
			view.skip(to, s.Why)
		}
	}
	return view, nil
}

// below is a view of what lies below a prefix, without it.
func (sd *StateDict) below(prefix string) (*StateDict, error) {
	if prefix = strings.TrimSuffix(prefix, "."); prefix == "" {
		return sd, nil
	}
	view, err := sd.Map(func(name string) (string, bool) { return strings.CutPrefix(name, prefix+".") })
	if err != nil {
		return nil, err
	}
	if view.Len() == 0 {
		return nil, unfit("no key begins with %q; they begin with %s", prefix+".", list(sd.beginnings()))
	}
	view.under = joinKeys(sd.under, prefix)
	return view, nil
}

// beginnings are what stands before the first dots of the keys.
func (sd *StateDict) beginnings() []string {
	var names []string
	for _, name := range sd.names {
		first, _, _ := strings.Cut(name, ".")
		if !slices.Contains(names, first) && len(names) <= 100 {
			names = append(names, first)
		}
	}
	return names
}
