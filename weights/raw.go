package weights

import (
	"bytes"
	"encoding/binary"
	"io"

	"github.com/pkg/errors"
)

// The elements as they are, for writing them again.

// rawSize is the bytes that writeRaw writes.
func (t *Tensor) rawSize() int64 { return int64(t.Len()) * int64(t.dtype.Size()) }

// writeRaw writes the elements in row-major order and their own type,
// little-endian.
func (t *Tensor) writeRaw(w io.Writer) error {
	switch {
	case t.Len() == 0:
		return nil
	case t.values != nil:
		return writeFloats(w, t.values)
	case t.strides != nil:
		return named(t.writeStrided(w), t.name)
	}
	return named(t.copyRaw(w, t.offset, int64(t.Len())), t.name)
}

// copyRaw writes n elements of the storage.
func (t *Tensor) copyRaw(w io.Writer, from, n int64) error {
	size := int64(t.dtype.Size())
	r, err := t.data.open(from*size, n*size)
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	buf := make([]byte, min(chunk, n*size))
	for left := n * size; left > 0; {
		part := buf[:min(left, int64(len(buf)))]
		if _, err := io.ReadFull(r, part); err != nil {
			if errors.Is(err, ErrFormat) {
				return err
			}
			return malformed("reading the elements: %v", err)
		}
		if t.order == binary.BigEndian {
			swap(part, int(size))
		}
		if _, err := w.Write(part); err != nil {
			return errors.Wrap(err, "writing the elements")
		}
		left -= int64(len(part))
	}
	return nil
}

// swap turns the bytes of each element round.
func swap(b []byte, size int) {
	for ; len(b) > 0; b = b[size:] {
		for i := range size / 2 {
			b[i], b[size-1-i] = b[size-1-i], b[i]
		}
	}
}

// writeStrided writes the elements of a view, of whose storage it holds the
// stretch that the view spans.
func (t *Tensor) writeStrided(w io.Writer) error {
	size := int64(t.dtype.Size())
	var all bytes.Buffer
	if err := t.copyRaw(&all, t.offset, t.span()); err != nil {
		return err
	}
	buf := make([]byte, 0, chunk)
	for at := range t.places() {
		if len(buf)+int(size) > chunk {
			if _, err := w.Write(buf); err != nil {
				return errors.Wrap(err, "writing the elements")
			}
			buf = buf[:0]
		}
		buf = append(buf, all.Bytes()[at*size:(at+1)*size]...)
	}
	_, err := w.Write(buf)
	return errors.Wrap(err, "writing the elements")
}
