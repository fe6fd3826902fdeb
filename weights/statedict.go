package weights

import (
	"io"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/ops"
)

// StateDict is a checkpoint: tensors by key, in the order of the file. Reading
// is safe for concurrent use; Put is not.
type StateDict struct {
	path, format string
	names        []string
	tensors      map[string]*Tensor
	file         io.Closer
}

// New returns an empty state dict.
func New() *StateDict { return &StateDict{tensors: map[string]*Tensor{}, format: "memory"} }

// Put adds a tensor, whose memory it shares. The error, for a nil tensor or a
// key that is there, wraps ErrWeights.
func (sd *StateDict) Put(name string, t *ops.Tensor) error {
	if t == nil {
		return errors.Wrapf(ErrWeights, "%s is nil", name)
	}
	return sd.add(&Tensor{name: name, dtype: F32, shape: t.Shape(), values: t.Data()})
}

func (sd *StateDict) add(t *Tensor) error {
	if sd.tensors[t.name] != nil {
		return errors.Wrapf(ErrWeights, "%s appears twice", t.name)
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
	view := &StateDict{path: sd.path, format: sd.format, tensors: map[string]*Tensor{}}
	origin := map[string]string{}
	for _, name := range sd.names {
		to, keep := rename(name)
		if !keep {
			continue
		}
		if first, ok := origin[to]; ok {
			return nil, errors.Wrapf(ErrWeights, "%s and %s both mean %s", first, name, to)
		}
		origin[to] = name
		t := *sd.tensors[name]
		t.name = to
		if err := view.add(&t); err != nil {
			return nil, err
		}
	}
	return view, nil
}
