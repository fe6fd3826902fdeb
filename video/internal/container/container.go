package container

import (
	"io"
	"slices"
	"time"

	"github.com/pkg/errors"
)

// ErrFormat says that a file is damaged, or of a kind that is not known here.
var ErrFormat = errors.New("unreadable video container")

const (
	maxFrames   = 1 << 24 // whose times are kept
	maxElements = 1 << 24 // boxes or EBML elements that are visited
	maxTable    = 64 << 20
	maxDepth    = 8
)

// File is a container's first video track.
type File struct {
	// Turn makes the pictures upright.
	Turn Turn
	// times lists the frames' times, in the file's order, of the first so many.
	times func(most int) ([]time.Duration, error)
}

// Read reads the headers of a file. Errors wrap ErrFormat.
func Read(r io.ReaderAt, size int64) (*File, error) {
	var magic [8]byte
	if _, err := r.ReadAt(magic[:], 0); err != nil {
		return nil, errors.Wrap(ErrFormat, "no header")
	}
	switch string(magic[4:]) {
	case "ftyp", "moov", "mdat", "wide", "free", "skip", "pnot":
		return readMP4(source{r, size})
	}
	if string(magic[:4]) == "\x1a\x45\xdf\xa3" {
		return readMatroska(source{r, size})
	}
	return nil, errors.Wrapf(ErrFormat, "it begins with %x, which is neither MP4 nor Matroska", magic)
}

// Times are when the frames are shown, counted from the first one shown, rising.
// At most so many frames of the file are looked at, in the order in which they
// lie there. It is empty where the file does not say. Errors wrap ErrFormat; the
// times that were found before are returned with them.
func (f *File) Times(most int) ([]time.Duration, error) {
	list, err := f.times(min(most, maxFrames))
	slices.Sort(list)
	for i := len(list) - 1; i >= 0; i-- {
		list[i] -= list[0]
	}
	return list, err
}

// source is the file's bytes.
type source struct {
	io.ReaderAt
	size int64
}

// bytes reads a part of the file whole.
func (s source) bytes(from, to, most int64) ([]byte, error) {
	if to-from > most || from < 0 || to < from || to > s.size {
		return nil, errors.Wrapf(ErrFormat, "a part of %d bytes at %d, the file has %d", to-from, from, s.size)
	}
	buf := make([]byte, to-from)
	if _, err := s.ReadAt(buf, from); err != nil && !errors.Is(err, io.EOF) {
		return nil, errors.Wrap(ErrFormat, err.Error())
	}
	return buf, nil
}

// ticks is a time in units of 1/scale seconds.
func ticks(n int64, scale uint32) (time.Duration, error) {
	const longest = 1 << 32 // seconds
	if s := int64(scale); s > 0 && n/s < longest && n/s > -longest {
		return time.Duration(n/s)*time.Second + time.Duration(n%s)*time.Second/time.Duration(s), nil
	}
	return 0, errors.Wrapf(ErrFormat, "a time of %d/%d s", n, scale)
}
