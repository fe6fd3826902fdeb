package weights

import (
	"archive/zip"
	"io"
	"strings"

	"github.com/pkg/errors"

	"github.com/vertebra-vision/vertebra/ops"
)

// openNPZ opens the arrays of an .npz; their names are without ".npy".
func openNPZ(r io.ReaderAt, z *zip.Reader) (*StateDict, error) {
	sd := New()
	for _, f := range z.File {
		name, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			return nil, malformed("a zip file with %q in it is neither a PyTorch checkpoint (no data.pkl) nor an .npz", f.Name)
		}
		t, err := openEntryNPY(r, f, name)
		if err != nil {
			return nil, errors.WithMessage(err, f.Name)
		}
		if err := sd.add(t); err != nil {
			return nil, malformed("%s appears twice", name)
		}
	}
	if sd.Len() == 0 {
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
	z := zip.NewWriter(w)
	for _, name := range names {
		f, err := z.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: zip.Store})
		if err != nil {
			return errors.Wrapf(err, "writing %s", name)
		}
		if err := WriteNPY(f, tensors[name]); err != nil {
			return errors.WithMessage(err, name)
		}
	}
	return errors.Wrap(z.Close(), "writing .npz")
}
