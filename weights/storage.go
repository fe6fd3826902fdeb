package weights

import (
	"archive/zip"
	"bytes"
	"hash/crc32"
	"io"
)

// storage is a stretch of bytes that tensors are views of.
type storage interface {
	// size in bytes.
	size() int64
	// open reads n bytes from an offset; both lie inside.
	open(off, n int64) (io.ReadCloser, error)
}

// fileStorage lies in the file as it is.
type fileStorage struct {
	r      io.ReaderAt
	at, n  int64
	sum    uint32 // CRC-32 of all of it
	hasSum bool
}

func (s *fileStorage) size() int64 { return s.n }

func (s *fileStorage) open(off, n int64) (io.ReadCloser, error) {
	r := io.NewSectionReader(s.r, s.at+off, n)
	if s.hasSum && off == 0 && n == s.n {
		return &summed{r: r, left: n, want: s.sum}, nil
	}
	return io.NopCloser(r), nil
}

// summed checks the CRC-32 of what passes through it.
type summed struct {
	r         io.Reader
	left      int64
	sum, want uint32
}

func (s *summed) Read(b []byte) (int, error) {
	n, err := s.r.Read(b)
	s.sum = crc32.Update(s.sum, crc32.IEEETable, b[:n])
	s.left -= int64(n)
	if s.left == 0 && s.sum != s.want {
		return 0, malformed("its bytes have the checksum %08x, the file says %08x: it was damaged", s.sum, s.want)
	}
	return n, err
}

func (*summed) Close() error { return nil }

// zipStorage is a compressed entry of a zip file; reading it decompresses.
type zipStorage struct{ f *zip.File }

func (s *zipStorage) size() int64 { return int64(s.f.UncompressedSize64) }

func (s *zipStorage) open(off, n int64) (io.ReadCloser, error) {
	r, err := s.f.Open()
	if err != nil {
		return nil, malformed("%v", err)
	}
	if _, err := io.CopyN(io.Discard, r, off); err != nil {
		_ = r.Close()
		return nil, malformed("%v", err)
	}
	return struct {
		io.Reader
		io.Closer
	}{io.LimitReader(r, n), r}, nil
}

// memoryStorage was in the pickle itself.
type memoryStorage []byte

func (s memoryStorage) size() int64 { return int64(len(s)) }

func (s memoryStorage) open(off, n int64) (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(s[off : off+n])), nil
}
