package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"io"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/internal/files"
	"github.com/vertebra-vision/vertebra/ops"
)

// Named is a tensor with its key, for writing.
type Named struct {
	Name   string
	Tensor *ops.Tensor
}

// WriteSafetensors writes tensors in their order, as float32. metadata may be
// nil. The same arguments give the same bytes.
func WriteSafetensors(w io.Writer, tensors []Named, metadata map[string]string) error {
	sd := New()
	for _, t := range tensors {
		if err := sd.Put(t.Name, t.Tensor); err != nil {
			return err
		}
	}
	return sd.writeSafetensors(w, metadata)
}

// writeSafetensors writes tensors in their own types.
func (sd *StateDict) writeSafetensors(w io.Writer, metadata map[string]string) error {
	header, err := sd.safetensorsHeader(metadata)
	if err != nil {
		return err
	}
	var size [8]byte
	binary.LittleEndian.PutUint64(size[:], uint64(len(header)))
	if _, err := w.Write(append(size[:], header...)); err != nil {
		return errors.Wrap(err, "writing safetensors")
	}
	for _, name := range sd.names {
		if err := sd.tensors[name].writeRaw(w); err != nil {
			return errors.WithMessage(err, "writing safetensors")
		}
	}
	return nil
}

// safetensorsHeader is the JSON, padded with spaces so that the data are
// aligned to 64 bytes.
func (sd *StateDict) safetensorsHeader(metadata map[string]string) ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	field := func(name string, v any) error {
		key, err := json.Marshal(name)
		if err != nil {
			return err
		}
		value, err := json.Marshal(v)
		if err != nil {
			return err
		}
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.Write(key)
		b.WriteByte(':')
		b.Write(value)
		return nil
	}
	if metadata != nil {
		if err := field("__metadata__", metadata); err != nil {
			return nil, errors.Wrap(err, "metadata")
		}
	}
	at := int64(0)
	for _, name := range sd.names {
		if name == "__metadata__" {
			return nil, unfit("%q is a reserved name in safetensors", name)
		}
		t := sd.tensors[name]
		e := safetensorsEntry{DType: t.dtype.safetensors(), Shape: []int64{}, Offsets: [2]int64{at, at + t.rawSize()}}
		for _, d := range t.shape {
			e.Shape = append(e.Shape, int64(d))
		}
		at = e.Offsets[1]
		if err := field(name, e); err != nil {
			return nil, named(err, name)
		}
	}
	b.WriteByte('}')
	for (8+b.Len())%64 != 0 {
		b.WriteByte(' ')
	}
	return b.Bytes(), nil
}

// safetensors is the type's name there.
func (t DType) safetensors() string {
	for name, own := range safetensorsTypes {
		if own == t {
			return name
		}
	}
	return ""
}

// SaveSafetensors writes a file atomically: it is there whole or, after an
// error, as it was before.
func SaveSafetensors(path string, tensors []Named, metadata map[string]string) error {
	return SaveFile(path, func(w io.Writer) error { return WriteSafetensors(w, tensors, metadata) })
}

// SaveFile writes a file through a temporary one beside it, so that nobody
// ever sees half of it.
func SaveFile(path string, write func(w io.Writer) error) error { return files.Replace(path, write) }
