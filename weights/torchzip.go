package weights

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"io"
	"path"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/weights/internal/pickle"
)

// Bounds on zip files.
const (
	maxEntries = 1 << 18
	maxPickle  = 256 << 20 // a table of contents
	maxRatio   = 1100      // deflate's own limit is 1032
)

// openZip opens a PyTorch checkpoint, NAME/data.pkl and NAME/data/KEY, or a
// NumPy .npz.
func openZip(r io.ReaderAt, size int64, under string) (*StateDict, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, malformed("the zip directory cannot be read, the file may be cut off: %v", err)
	}
	if len(z.File) > maxEntries {
		return nil, malformed("%d entries, at most %d are possible", len(z.File), maxEntries)
	}
	entries := make(map[string]*zip.File, len(z.File))
	var table *zip.File
	for _, f := range z.File {
		if err := checkEntry(f, size); err != nil {
			return nil, err
		}
		if entries[f.Name] != nil {
			return nil, malformed("entry %q appears twice", f.Name)
		}
		entries[f.Name] = f
		if path.Base(f.Name) == "data.pkl" {
			table = f
		}
	}
	if table == nil {
		sd, err := openNPZ(r, z)
		if err != nil {
			return nil, err
		}
		return sd.below(under)
	}
	return openTorchZip(r, table, entries, under)
}

// checkEntry reports an entry that claims to be larger than it can be.
func checkEntry(f *zip.File, size int64) error {
	switch {
	case f.Method != zip.Store && f.Method != zip.Deflate:
		return malformed("entry %q is compressed by method %d", f.Name, f.Method)
	case f.CompressedSize64 > uint64(size),
		f.Method == zip.Store && f.UncompressedSize64 != f.CompressedSize64,
		f.UncompressedSize64 > maxRatio*(f.CompressedSize64+64):
		return malformed("entry %q claims %d bytes from %d", f.Name, f.UncompressedSize64, f.CompressedSize64)
	}
	return nil
}

func openTorchZip(r io.ReaderAt, table *zip.File, entries map[string]*zip.File, under string) (*StateDict, error) {
	t := &torchZip{r: r, dir: strings.TrimSuffix(table.Name, "data.pkl"), entries: entries, storages: map[string]*torchStorage{}}
	var err error
	if t.order, err = byteOrder(entries[t.dir+"byteorder"]); err != nil {
		return nil, err
	}
	data, err := readTable(table)
	if err != nil {
		return nil, err
	}
	text := bytes.NewReader(data)
	v, err := readPickle(pickle.NewSource(text, 0, int64(len(data))), resolver(t.resolve))
	if err != nil {
		return nil, named(err, table.Name)
	}
	sd, err := collect(v, text, under)
	if errors.Is(err, errNothing) && entries[t.dir+"constants.pkl"] != nil {
		return nil, malformed("this is a TorchScript archive whose modules have no weights by name, as after torch.jit.freeze; save them before: torch.save(model.state_dict(), path)")
	}
	return sd, err
}

type torchZip struct {
	r        io.ReaderAt
	dir      string
	entries  map[string]*zip.File
	order    binary.ByteOrder
	storages map[string]*torchStorage
}

// resolve finds a storage's entry.
func (t *torchZip) resolve(s storageID) (any, error) {
	if have := t.storages[s.key]; have != nil {
		return have, nil
	}
	f := t.entries[t.dir+"data/"+s.key]
	if f == nil {
		return nil, malformed("storage %s is not in the file", s.key)
	}
	data, err := entryStorage(t.r, f)
	if err != nil {
		return nil, err
	}
	if s.elements > data.size()/int64(s.dtype.Size()) {
		return nil, malformed("storage %s claims %d elements of %v in %d bytes", s.key, s.elements, s.dtype, data.size())
	}
	st := &torchStorage{dtype: s.dtype, untyped: s.untyped, elements: s.elements, bytes: data, order: t.order}
	t.storages[s.key] = st
	return st, nil
}

// byteOrder reads the entry that big-endian machines write.
func byteOrder(f *zip.File) (binary.ByteOrder, error) {
	if f == nil {
		return binary.LittleEndian, nil
	}
	text, err := readEntry(f, 16)
	if err != nil {
		return nil, err
	}
	switch string(text) {
	case "little":
		return binary.LittleEndian, nil
	case "big":
		return binary.BigEndian, nil
	}
	return nil, malformed("byte order %q", text)
}

// entryStorage is where an entry's bytes lie.
func entryStorage(r io.ReaderAt, f *zip.File) (storage, error) {
	if f.Method == zip.Deflate {
		return &zipStorage{f}, nil
	}
	at, err := f.DataOffset()
	if err != nil {
		return nil, malformed("entry %q: %v", f.Name, err)
	}
	// PyTorch can be told to leave checksums out; they are 0 then.
	return &fileStorage{r: r, at: at, n: int64(f.UncompressedSize64), sum: f.CRC32, hasSum: f.CRC32 != 0}, nil
}

// readEntry reads a small entry.
func readEntry(f *zip.File, most uint64) ([]byte, error) {
	if f.UncompressedSize64 > most {
		return nil, malformed("entry %q has %d bytes, at most %d were expected", f.Name, f.UncompressedSize64, most)
	}
	rc, err := f.Open()
	if err != nil {
		return nil, malformed("entry %q: %v", f.Name, err)
	}
	defer func() { _ = rc.Close() }()
	data, err := io.ReadAll(io.LimitReader(rc, int64(most)+1))
	if err != nil {
		return nil, malformed("entry %q: %v", f.Name, err)
	}
	return data, nil
}

// maxTableRatio bounds how far a pickle of references to tensors can have been
// compressed; PyTorch does not compress it at all.
const maxTableRatio = 64

// readTable reads the pickle.
func readTable(f *zip.File) ([]byte, error) {
	if f.UncompressedSize64 > maxTableRatio*(f.CompressedSize64+1<<14) {
		return nil, malformed("entry %q claims %d bytes from %d", f.Name, f.UncompressedSize64, f.CompressedSize64)
	}
	return readEntry(f, maxPickle)
}
