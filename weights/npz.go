package weights

import (
	"archive/zip"
	"io"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/ops"
)

// openNPZ opens the arrays of an .npz; their names are without ".npy". Arrays of
// text and objects are skipped.
func openNPZ(r io.ReaderAt, z *zip.Reader) (*StateDict, error) {
	sd := New()
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			return nil, malformed("a zip file with %q in it is neither a PyTorch checkpoint (no data.pkl) nor an .npz", f.Name)
		}
		t, err := openEntryNPY(r, f, name)
		if errors.Is(err, errNotNumbers) {
			sd.skip(name, strings.TrimSuffix(err.Error(), ": "+ErrFormat.Error()))
			continue
		}
		if err != nil {
			return nil, named(err, f.Name)
		}
		if err := sd.add(t); err != nil {
			return nil, malformed("%s appears twice", name)
		}
	}
	switch {
	case sd.Len() == 0 && len(sd.skipped) > 0:
		return nil, malformed("it holds no array of numbers, but %s", sd.skippedText())
	case sd.Len() == 0:
		return nil, malformed("the zip file is empty")
	}
	return sd, nil
}

func openEntryNPY(r io.ReaderAt, f *zip.File, name string) (*Tensor, error) {
	rc, err := f.Open()
	if err != nil {
		return nil, malformed("%v", err)
	}
	defer func() { _ = rc.Close() }()
	h, err := readNPYHeader(rc)
	if err != nil {
		return nil, err
	}
	size := int64(f.UncompressedSize64) - h.size
	if size < 0 {
		return nil, malformed("the array is cut off")
	}
	whole, err := entryStorage(r, f)
	if err != nil {
		return nil, err
	}
	return h.bind(name, &laterStorage{whole, h.size, size})
}

// laterStorage is what lies behind a header.
type laterStorage struct {
	storage
	at, n int64
}

func (s *laterStorage) size() int64 { return s.n }

func (s *laterStorage) open(off, n int64) (io.ReadCloser, error) { return s.storage.open(s.at+off, n) }

// WriteNPZ writes tensors by name as an .npz that np.load reads.
func WriteNPZ(w io.Writer, names []string, tensors map[string]*ops.Tensor) error {
	sd := New()
	for _, name := range names {
		if err := sd.Put(name, tensors[name]); err != nil {
			return err
		}
	}
	return sd.writeNPZ(w)
}

// writeNPZ writes tensors in their own types, as writeNPY does.
func (sd *StateDict) writeNPZ(w io.Writer) error {
	z := zip.NewWriter(w)
	for _, name := range sd.names {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: zip.Store})
		if err != nil {
			return errors.Wrapf(err, "writing %s", clean(name))
		}
		if err := sd.tensors[name].writeNPY(f); err != nil {
			return named(err, name)
		}
	}
	return errors.Wrap(z.Close(), "writing .npz")
}
