package pickle

import (
	"bufio"
	"encoding/binary"
	"io"

	"github.com/pkg/errors"
)

// ErrPickle is wrapped by every error of this package.
var ErrPickle = errors.New("bad pickle")

func bad(format string, args ...any) error { return errors.Wrapf(ErrPickle, format, args...) }

// Source reads pickles from a file, one after another, and knows where it is.
type Source struct {
	r    *bufio.Reader
	pos  int64
	size int64
}

// NewSource reads the file from an offset. size is that of the whole file: no
// string may be longer than what is left of it.
func NewSource(r io.ReaderAt, offset, size int64) *Source {
	return &Source{r: bufio.NewReaderSize(io.NewSectionReader(r, offset, size-offset), 64<<10), pos: offset, size: size}
}

// Pos is the offset of the next byte.
func (s *Source) Pos() int64 { return s.pos }

func (s *Source) byte() (byte, error) {
	b, err := s.r.ReadByte()
	if err != nil {
		return 0, bad("it ends in the middle, at byte %d", s.pos)
	}
	s.pos++
	return b, nil
}

// bytes reads n bytes into memory of their own.
func (s *Source) bytes(n uint64) ([]byte, error) {
	if n > uint64(s.size-s.pos) {
		return nil, bad("byte %d: %d bytes announced, %d are left", s.pos, n, s.size-s.pos)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(s.r, b); err != nil {
		return nil, bad("it ends in the middle, at byte %d", s.pos)
	}
	s.pos += int64(n)
	return b, nil
}

// uint reads a little-endian number of 1, 2, 4 or 8 bytes.
func (s *Source) uint(size int) (uint64, error) {
	var b [8]byte
	for i := range size {
		c, err := s.byte()
		if err != nil {
			return 0, err
		}
		b[i] = c
	}
	return binary.LittleEndian.Uint64(b[:]), nil
}

// counted reads a string whose length comes first.
func (s *Source) counted(size int) ([]byte, error) {
	n, err := s.uint(size)
	if err != nil {
		return nil, err
	}
	return s.bytes(n)
}

// skip leaves n bytes in the file.
func (s *Source) skip(n uint64) (Blob, error) {
	if n > uint64(s.size-s.pos) {
		return Blob{}, bad("byte %d: %d bytes announced, %d are left", s.pos, n, s.size-s.pos)
	}
	b := Blob{Offset: s.pos, Len: int64(n)}
	if _, err := s.r.Discard(int(n)); err != nil {
		return Blob{}, bad("it ends in the middle, at byte %d", s.pos)
	}
	s.pos += int64(n)
	return b, nil
}

// maxLine bounds the text forms of protocol 0.
const maxLine = 1 << 20

func (s *Source) line() (string, error) {
	var line []byte
	for len(line) < maxLine {
		c, err := s.byte()
		if err != nil {
			return "", err
		}
		if c == '\n' {
			return string(line), nil
		}
		line = append(line, c)
	}
	return "", bad("byte %d: a line of more than %d bytes", s.pos, maxLine)
}
