package weights

import (
	"bytes"
	"encoding/binary"
	"io"
	"os"

	"github.com/pkg/errors"
)

// Open opens a checkpoint and reads its table of contents. It recognises the
// format by the content, not by the name. Close the result when the tensors
// have been read. Errors about the content wrap ErrFormat and name the file.
func Open(path string) (*StateDict, error) {
	if path == "" {
		return nil, errors.Wrap(ErrWeights, "opening a checkpoint: the path is empty")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Wrap(err, "opening a checkpoint")
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = malformed("%s is not a file but a %s", path, kindOf(info.Mode()))
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	sd, err := OpenReaderAt(f, info.Size(), path)
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	sd.file = f
	return sd, nil
}

func kindOf(m os.FileMode) string {
	if m.IsDir() {
		return "folder"
	}
	return "device"
}

// OpenReaderAt is Open for any random-access data, such as an embedded file's
// bytes in a bytes.Reader. name is for messages.
func OpenReaderAt(r io.ReaderAt, size int64, name string) (sd *StateDict, err error) {
	open, format, err := sniff(r, size)
	if err != nil {
		return nil, errors.WithMessage(err, name)
	}
	sd, err = open(r, size)
	if err != nil {
		return nil, errors.WithMessagef(err, "%s: %s", name, format)
	}
	sd.path, sd.format = name, format
	return sd, nil
}

type opener func(r io.ReaderAt, size int64) (*StateDict, error)

// sniff tells the format from the first bytes.
func sniff(r io.ReaderAt, size int64) (opener, string, error) {
	head := make([]byte, min(size, 16))
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, "", malformed("reading: %v", err)
	}
	switch {
	case len(head) == 0:
		return nil, "", malformed("the file is empty")
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return openZip, "zip", nil
	case bytes.HasPrefix(head, []byte("\x93NUMPY")):
		return openNPY, "npy", nil
	case isLegacy(head):
		return openLegacy, "torch legacy", nil
	case len(head) >= 9 && head[8] == '{' && binary.LittleEndian.Uint64(head) <= uint64(size):
		return openSafetensors, "safetensors", nil
	case head[0] == 0x80 || head[0] == '(' || head[0] == '}':
		return openPickle, "pickle", nil
	case bytes.HasPrefix(head, []byte("version https://")):
		return nil, "", malformed("this is a Git LFS pointer, not the file itself: run git lfs pull")
	case bytes.HasPrefix(bytes.TrimSpace(head), []byte("<")):
		return nil, "", malformed("this is a web page, not a checkpoint: the download went wrong")
	}
	return nil, "", malformed("not a PyTorch, safetensors, NumPy or detectron2 checkpoint")
}
